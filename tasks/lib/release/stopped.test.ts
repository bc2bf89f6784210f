/** Ctrl-C and kill -9 in the steps of a release, of its rollback, and of the verbs that bring it to what lacks it. */
import t, { type Test } from 'tap'
import { ClientKilled, crashingAt } from '../../simulator/crash.ts'
import { recordedProgress } from '../../simulator/recorded-progress.ts'
import { type Change, releaseTask, served, servingWorld, wanted, watchFloor } from '../../simulator/release-fixture.ts'
import { simulatedPlatform } from '../../simulator/simulated-platform.ts'
import type { World } from '../../simulator/simulated-world.ts'
import { bringing, deployTask, healTask, placedWorld } from '../../simulator/top-up-fixture.ts'
import { deployGroup } from '../deploy/deploy.ts'
import { OperatorError } from '../errors.ts'
import { healGroup } from '../heal/heal.ts'
import type { Platform } from '../platform.ts'
import { releaseGroup } from './release.ts'

const c = wanted.content

/** Stops the client in the middle of what the nth delivery or return does on its machine, which keeps a half. */
type Stop = (world: World, nth: number) => { platform: Platform; signal?: AbortSignal; halfway: () => void }

const ctrlC: Stop = (world, nth) => {
  const stop = new AbortController()
  let changes = 0
  const halfway = () => {
    changes += 1
    if (changes !== nth) return
    stop.abort()
    throw new OperatorError('interrupted', 'the delivery was stopped')
  }
  return { platform: simulatedPlatform(world), signal: stop.signal, halfway }
}

const kill9: Stop = (world, nth) => {
  const platform = simulatedPlatform(world, 'victim')
  let changes = 0
  const halfway = () => {
    changes += 1
    if (changes !== nth) return
    world.deadOwners.add('victim')
    throw new ClientKilled('victim killed')
  }
  // A dead client releases no lock.
  const lock = async (verb: string) => ({ ...(await platform.lock(verb)), release: async () => {} })
  return { platform: { ...platform, lock }, halfway }
}

const stops = { ctrlC, kill9 }
const ends: Record<string, object> = { ctrlC: { kind: 'interrupted' }, kill9: { message: 'victim killed' } }

function assertEnd(t: Test, world: World, content: string, name: string): void {
  t.same([...new Set(served(world))], [content], name)
  t.equal(world.lock, undefined, name)
  const { inPlace } = world.record ?? {}
  t.ok(inPlace === undefined || inPlace.upTo !== undefined, `${name}: nothing is unfinished`)
}

t.test('stopped in the middle of a delivery: heal keeps up the service, the same command ends it', async (t) => {
  for (const [how, stop] of Object.entries(stops)) {
    for (const [nth, maxUnavailable] of [
      [1, 1],
      [2, 1],
      [3, 1],
      [2, 2],
    ] as const) {
      for (const isHealed of [false, true]) {
        const name = `${how} in delivery ${nth}, ${maxUnavailable} at a time${isHealed ? ', healed' : ''}`
        const world = await servingWorld(3)
        const floor = watchFloor(world)
        const { halfway, ...client } = stop(world, nth)
        const policy = { maxUnavailable }
        const first = releaseTask(world, { ...client, policy, faults: { halfway } })
        t.match(await failureOf(releaseGroup(first)), ends[how], name)
        t.match(world.record?.inPlace, { content: c, upTo: undefined }, name)
        if (isHealed) {
          const progress = recordedProgress()
          t.match(await healGroup(healTask(world, { progress })), { outcome: /^heal(ed|thy)$/ }, name)
          t.match(progress.lines.join('\n'), 'the release of 1.1.0 is not finished: npm run release carries it on')
          t.equal(
            (await simulatedPlatform(world).group())?.instances.every((one) => one.health === 'healthy'),
            true,
          )
        }
        t.match(await releaseGroup(releaseTask(world, { policy })), { outcome: 'released' }, name)
        assertEnd(t, world, c, name)
        t.ok(floor.lowest >= 3 - maxUnavailable, `${name}: ${floor.lowest} served`)
      }
    }
  }
})

t.test('stopped in the middle of a rollback: the same command puts the rest back', async (t) => {
  const next = { release: '1.2.0', content: 'c-1.2.0' }
  for (const [how, stop] of Object.entries(stops)) {
    for (const isPlaced of [false, true]) {
      for (const nth of [3, 4]) {
        const name = `${how} in change ${nth}${isPlaced ? ', a release in place before' : ''}`
        const world = isPlaced ? await placedWorld(3) : await servingWorld(3)
        const before = world.record?.inPlace
        const floor = watchFloor(world)
        const { halfway, ...client } = stop(world, nth)
        const change: Change = { wanted: next, faults: { halfway, isBroken: (id) => id === 'm2' } }
        t.match(await failureOf(releaseGroup(releaseTask(world, { ...client, ...change }))), ends[how], name)
        t.match(world.record?.inPlace, { content: 'c-1.2.0', rollingBack: true, upTo: undefined }, name)
        const result = await releaseGroup(releaseTask(world, { wanted: next }))
        t.match(result, { outcome: 'rolled-back', release: isPlaced ? '1.1.0' : '1.0.0' }, name)
        assertEnd(t, world, isPlaced ? c : '1.0.0', name)
        t.same(world.record?.inPlace, before, name)
        t.ok(floor.lowest >= 2, `${name}: ${floor.lowest} served`)
      }
    }
  }
})

t.test('scale and heal stopped in the middle of bringing it: heal ends it', async (t) => {
  for (const [how, stop] of Object.entries(stops)) {
    for (const nth of [1, 2]) {
      const name = `${how} in delivery ${nth}`
      const scaled = await placedWorld()
      const scaling = stop(scaled, nth)
      const scale = { verb: 'scale', size: 4, ...clientOf(scaled, 'scale', scaling) } as const
      t.match(await failureOf(deployGroup(deployTask(scaled, scale))), ends[how], `scale: ${name}`)
      t.match(await healGroup(healTask(scaled)), { outcome: 'healed' }, `scale: ${name}`)
      assertEnd(t, scaled, c, `scale: ${name}`)

      const healed = await placedWorld(3)
      for (const id of ['m2', 'm3']) Object.assign(healed.machine(id), { inPlace: undefined })
      const floor = watchFloor(healed)
      const healing = clientOf(healed, 'heal', stop(healed, nth))
      t.match(await failureOf(healGroup(healTask(healed, healing))), ends[how], `heal: ${name}`)
      t.match(await healGroup(healTask(healed)), { outcome: 'healed' }, `heal: ${name}`)
      assertEnd(t, healed, c, `heal: ${name}`)
      t.ok(floor.lowest >= 2, `heal: ${name}: ${floor.lowest} served`)
    }
  }
})

t.test('a scale killed at any call, then heal: what was launched has what is in place', async (t) => {
  let kills = 0
  for (const moment of ['before', 'after'] as const) {
    for (let nth = 1; ; nth += 1) {
      const world = await placedWorld()
      const platform = crashingAt(world, simulatedPlatform(world, 'victim'), 'victim', nth, moment)
      const bringInPlace = bringing(world, 'scale', undefined, undefined, { platform })
      const scale = deployTask(world, { verb: 'scale', size: 3, pollMs: 20_000, platform, bringInPlace })
      const first = await deployGroup(scale).catch((error: unknown) => error)
      if (!(first instanceof ClientKilled)) break
      kills += 1
      await world.clock.sleep(120_000)
      const { outcome } = await healGroup(healTask(world))
      const name = `killed ${moment} call ${nth}`
      if (outcome !== 'healed' && outcome !== 'healthy') t.fail(`${name}: ${outcome}`)
      if ([...new Set(served(world))].join() !== c) t.fail(`${name}: ${served(world)}`)
    }
  }
  t.ok(kills > 20, `${kills} kills`)
})

/** Hands for a verb whose client is stopped. */
function clientOf(world: World, verb: string, { halfway, ...client }: ReturnType<Stop>) {
  return { ...client, bringInPlace: bringing(world, verb, { halfway }, undefined, client) }
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => error)
}
