import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { destroyGroup } from '../lib/deploy/destroy.ts'
import { OperatorError } from '../lib/errors.ts'
import type { Platform } from '../lib/platform.ts'
import { releaseGroup } from '../lib/release/release.ts'
import { plainPolicy } from '../lib/roll/policy.ts'
import { rollGroup } from '../lib/roll/roll.ts'
import { crashingAt, killable } from '../simulator/crash.ts'
import { type Change, releaseTask, servingWorld } from '../simulator/release-fixture.ts'
import { simulatedDelivery } from '../simulator/simulated-delivery.ts'
import { simulatedPlatform } from '../simulator/simulated-platform.ts'
import { homeAt } from './home.ts'
import { releaseStore, withReleaseStore } from './release-store.ts'

/** A group, and a home whose store gets a folder for each release at the time that `release` keeps it. */
async function keepingWorld(t: Test) {
  const world = await servingWorld(2)
  const home = homeAt(t.testdir())
  const store = releaseStore(home, 'local', 'simulated')
  const keep = (name: string) => mkdirSync(join(store, name), { recursive: true })
  const kept = () => (existsSync(store) ? readdirSync(store).sort() : [])
  const open = (platform: Platform) => withReleaseStore(platform, home, store)
  const release = (name: string, { platform = simulatedPlatform(world), ...change }: Change = {}) => {
    const wanted = { release: name, content: `c-${name}` }
    const openDelivery = async () => {
      keep(wanted.content)
      return simulatedDelivery(world, wanted, change.faults)
    }
    return releaseGroup(releaseTask(world, { ...change, wanted, openDelivery, platform: open(platform) }))
  }
  const roll = (image: string) =>
    rollGroup({ ...releaseTask(world, { platform: open(simulatedPlatform(world)) }), policy: plainPolicy, image })
  return { world, store, keep, kept, open, release, roll }
}

t.test('what is in place is kept; what was before is forgotten with the next one', async (t) => {
  const { kept, release } = await keepingWorld(t)
  await release('1.1.0')
  t.strictSame(kept(), ['c-1.1.0'])
  await release('1.2.0')
  t.strictSame(kept(), ['c-1.2.0'])
  t.match(await release('1.2.0'), { outcome: 'unchanged' })
  t.strictSame(kept(), ['c-1.2.0'])
  t.match(await release('1.0.0'), { outcome: 'released' }, "the image's own")
  t.strictSame(kept(), [])
})

t.test('put back, only what is in place again is kept', async (t) => {
  const { kept, release } = await keepingWorld(t)
  const faults = { isBroken: () => true }
  t.match(await release('1.1.0', { faults }), { outcome: 'rolled-back' })
  t.strictSame(kept(), [])
  await release('1.1.0')
  t.match(await release('1.2.0', { faults }), { outcome: 'rolled-back', release: '1.1.0' })
  t.strictSame(kept(), ['c-1.1.0'])
})

t.test('a roll makes it permanent, or drops it: either way nothing is kept', async (t) => {
  const { kept, keep, release, roll } = await keepingWorld(t)
  for (const image of ['i1', 'i2']) {
    await release('1.1.0')
    keep('.c-half.draft')
    t.match(await roll(image), { outcome: 'rolled' })
    t.strictSame(kept(), [])
  }
})

t.test('while one is unfinished, both are kept, whatever verb runs; what a killed run left is not', async (t) => {
  const { world, kept, keep, open, release } = await keepingWorld(t)
  await release('1.1.0')
  keep('.c-1.2.0.draft')
  keep('c-older')
  const platform = crashingAt(world, simulatedPlatform(world, 'victim'), 'victim', 9, 'after')
  await t.rejects(release('1.2.0', { platform }), { message: 'victim killed' })
  t.match(world.record?.inPlace, { content: 'c-1.2.0', before: { content: 'c-1.1.0' }, upTo: undefined })
  const lock = await open(simulatedPlatform(world)).lock('heal')
  await lock.release()
  t.strictSame(kept(), ['c-1.1.0', 'c-1.2.0'])
})

t.test(
  'killed around any change of the record: once it is called again, what is kept is what is in place',
  async (t) => {
    for (const moment of ['before', 'after'] as const) {
      for (const nth of [1, 2]) {
        const { world, kept, open, release } = await keepingWorld(t)
        await release('1.1.0')
        let changes = 0
        const platform = killable(world, simulatedPlatform(world, 'victim'), 'victim', (call) => {
          changes += call === 'updateGroup' ? 1 : 0
          return call === 'updateGroup' && changes === nth ? moment : undefined
        })
        await t.rejects(release('1.2.0', { platform }), { message: 'victim killed' })
        t.ok(kept().includes(world.record?.inPlace?.content ?? 'nothing'), `${moment} change ${nth}`)
        await release('1.2.0')
        const lock = await open(simulatedPlatform(world)).lock('heal')
        await lock.release()
        t.strictSame(kept(), ['c-1.2.0'], `${moment} change ${nth}`)
      }
    }
  },
)

t.test('destroy names it and removes it, also where another computer has removed the group', async (t) => {
  for (const isGone of [false, true]) {
    const { world, store, keep, kept, open, release } = await keepingWorld(t)
    await release('1.1.0')
    if (isGone) Object.assign(world, { record: undefined, machines: [] })
    else keep('.c-half.draft')
    const platform = open(simulatedPlatform(world))
    const { clock } = world
    const progress = { event() {}, step: (_: string, work: () => Promise<never>) => work(), live() {}, warn() {} }
    const { removed, left } = await destroyGroup({ platform, clock, progress, timeoutSeconds: 100 })
    t.strictSame(left, [])
    t.match(removed, [...(isGone ? [] : [String, String, 'simulated']), `what was released in place, kept in ${store}`])
    t.strictSame(kept(), [])
  }
})

t.test('a group that is too broken to read keeps what it has, and its lock works', async (t) => {
  const { world, kept, keep, open } = await keepingWorld(t)
  keep('c-1.1.0')
  const group = async () => {
    throw new OperatorError('failed', 'the target group was deleted', { isOfBrokenGroup: true })
  }
  const lock = await open({ ...simulatedPlatform(world), group }).lock('destroy')
  t.strictSame(kept(), ['c-1.1.0'])
  await lock.release()
  t.equal(world.lock, undefined)
  const bug = async () => {
    throw new Error('a bug')
  }
  await t.rejects(open({ ...simulatedPlatform(world), group: bug }).lock('heal'), { message: 'a bug' })
  t.equal(world.lock, undefined, 'no lock is left behind')
})
