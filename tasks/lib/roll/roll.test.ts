import '../../simulator/promises-fixture.ts'
import t, { type Test } from 'tap'
import { ClientKilled, crashingAt } from '../../simulator/crash.ts'
import { guardFloor } from '../../simulator/floor-guard.ts'
import { recordedProgress } from '../../simulator/recorded-progress.ts'
import { worldServing } from '../../simulator/serving-fixture.ts'
import { simulatedPlatform } from '../../simulator/simulated-platform.ts'
import { simulatedWorld, type World, type WorldOptions } from '../../simulator/simulated-world.ts'
import { OperatorError } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { plainPolicy } from './policy.ts'
import { asRollback, rollGroup } from './roll.ts'
import type { RollTask } from './task.ts'

const image = (id: string, verified = true) => ({
  id,
  release: `1.${id.slice(1)}.0`,
  createdAt: '2026-01-01T00:00:00Z',
  verified,
})
const images = [image('i4', false), image('i3'), image('i2'), image('i1')]
const policy = { ...plainPolicy, instanceTimeoutSeconds: 300 }

/** A world where `size` instances of i1 serve. */
function servingWorld(size = 2, options: Partial<WorldOptions> = {}): Promise<World> {
  return worldServing(size, { images, ...options })
}

function task(world: World, change: Partial<RollTask> = {}): RollTask {
  const { probe, clock } = world
  return {
    platform: simulatedPlatform(world),
    image: 'i2',
    policy,
    probe,
    clock,
    progress: recordedProgress(),
    ...change,
  }
}

const imagesOf = (world: World) => world.machines.map(({ imageId }) => imageId)
const brokenImage = (imageId: string) => (_nth: number, id: string) =>
  id === imageId ? { neverHealthy: true } : undefined

t.test('a roll replaces every instance and never goes below the size', async (t) => {
  const world = await servingWorld(3)
  const broken = guardFloor(world, 1)
  const result = await rollGroup(task(world))
  t.match(result, {
    outcome: 'rolled',
    image: 'i2',
    replaced: [{ from: 'm1', to: 'm4' }, { from: 'm2' }, { from: 'm3' }],
  })
  t.same(imagesOf(world), ['i2', 'i2', 'i2'])
  t.same(broken, [])
  t.match(world.record, { imageId: 'i2', previousImageId: 'i1', roll: undefined })
  t.equal(world.lock, undefined)
  t.match(await rollGroup(task(world)), { outcome: 'unchanged', image: 'i2', replaced: [] })
})

t.test('a batch of two takes fewer boots', async (t) => {
  const [one, two] = [await servingWorld(4), await servingWorld(4)]
  const broken = guardFloor(two, 2)
  const slow = await rollGroup(task(one))
  const fast = await rollGroup(task(two, { policy: { ...policy, surge: 2 } }))
  t.ok(fast.seconds < slow.seconds * 0.6, `${fast.seconds} s against ${slow.seconds} s`)
  t.same(broken, [])
})

t.test('a broken release goes back by itself', async (t) => {
  for (const fault of [
    { neverHealthy: true },
    { wrongRelease: '0.0.0' },
    { diesAfterSeconds: 30 },
    { wrongClock: true },
  ]) {
    const world = await servingWorld(2, { fault: (_nth, id) => (id === 'i2' ? fault : undefined) })
    const broken = guardFloor(world, 1)
    const result = await rollGroup(task(world))
    t.match(result, { outcome: 'rolled-back', image: 'i1', replaced: [], reason: /^m3 / }, JSON.stringify(fault))
    t.same(
      world.machines.map(({ id }) => id),
      ['m1', 'm2'],
    )
    t.match(world.record, { imageId: 'i1', roll: undefined })
    t.same(broken, [])
  }
})

t.test('one instance that fails beside ready ones is replaced', async (t) => {
  const world = await servingWorld(2, { fault: (nth) => (nth === 4 ? { neverHealthy: true } : undefined) })
  const broken = guardFloor(world, 1)
  const progress = recordedProgress()
  t.match(await rollGroup(task(world, { progress })), { outcome: 'rolled', reason: undefined })
  t.ok(progress.lines.includes('replace m4: m4 not healthy after 301 s: no answer'), progress.lines.join('\n'))
  t.same(imagesOf(world), ['i2', 'i2'])
  t.same(broken, [])
})

t.test('a release that breaks late, and again, is replaced by the previous one', async (t) => {
  const world = await servingWorld(2, { fault: (nth) => (nth === 4 || nth === 5 ? { neverHealthy: true } : undefined) })
  const broken = guardFloor(world, 1)
  t.match(await rollGroup(task(world)), {
    outcome: 'rolled-back',
    reason: 'm5 not healthy after 301 s: no answer',
  })
  t.same(imagesOf(world), ['i1', 'i1'])
  t.same(broken, [])
})

t.test('when the rollback fails too, a person is needed, and the next run carries on', async (t) => {
  let isCured = false
  const fault = (nth: number) => (nth >= 4 && !isCured ? { neverHealthy: true } : undefined)
  const world = await servingWorld(2, { fault })
  await t.rejects(rollGroup(task(world)), { kind: 'failed', message: /the rollback to i1: m7 not healthy/ })
  t.match(world.record?.roll, { rollingBack: true })
  isCured = true
  t.match(await rollGroup(task(world, { image: undefined })), { outcome: 'rolled-back', image: 'i1', reason: /^m5/ })
  t.same(imagesOf(world), ['i1', 'i1'])
})

t.test('a call for a person waits for a full disk to be told to the record, not for ever', async (t) => {
  for (const seconds of [500, 3600]) {
    const world = await servingWorld(2, { fault: (nth) => (nth >= 4 ? { neverHealthy: true } : undefined) })
    const fill: RollTask['progress']['event'] = (line) => {
      if (line.startsWith('give up')) world.outages.diskUntilMs ||= world.clock.now() + seconds * 1000
    }
    const progress = { ...task(world).progress, event: fill }
    await t.rejects(rollGroup(task(world, { progress })), { message: /and so did the rollback to i1: m7 not healthy/ })
    t.equal(world.record?.roll?.setbacks, seconds === 500 ? -1 : 1)
  }
})

/** Kills the client at each of its platform calls in turn and runs the same command again. */
async function killEverywhere(
  t: Test,
  when: 'before' | 'after',
  options: Partial<WorldOptions>,
  expected: string | string[],
) {
  for (let nth = 1; ; nth += 1) {
    const world = await servingWorld(2, { bootSeconds: () => 5, drainSeconds: 1, ...options })
    const broken = guardFloor(world, 1)
    const platform = crashingAt(world, simulatedPlatform(world, 'first'), 'first', nth, when)
    const change = { policy: { ...policy, instanceTimeoutSeconds: 20 } }
    const killed = await rollGroup(task(world, { ...change, platform })).then(() => false, isKill)
    if (killed) await rollGroup(task(world, change))
    const end = `${imagesOf(world)} ${world.record?.imageId} ${world.record?.roll ?? ''}`
    if (![expected].flat().includes(end) || broken.length > 0 || world.lock)
      return t.fail(`killed at ${nth}: ${end}; ${broken}`)
    if (!killed) return t.ok(nth > 20, `${nth} calls, each survived`)
  }
}

function isKill(error: unknown): boolean {
  if (error instanceof ClientKilled) return true
  throw error
}

t.test('a roll killed anywhere is carried on to the same end', async (t) => {
  for (const when of ['before', 'after'] as const) await killEverywhere(t, when, {}, 'i2,i2 i2 ')
})

t.test('a roll killed anywhere in its rollback, too', async (t) => {
  for (const fault of [brokenImage('i2'), (nth: number) => (nth === 4 ? { neverHealthy: true } : undefined)]) {
    await killEverywhere(t, 'after', { fault }, ['i1,i1 i1 ', 'i2,i2 i2 '])
  }
})

t.test('an interrupted roll keeps what it did and frees the lock', async (t) => {
  const world = await servingWorld(2)
  const stop = new AbortController()
  const platform: Platform = { ...simulatedPlatform(world), drain: async () => stop.abort() }
  const rolling = rollGroup(task(world, { platform, signal: stop.signal }))
  await t.rejects(rolling, { kind: 'interrupted', message: /^roll interrupted/ })
  t.same(imagesOf(world), ['i1', 'i1', 'i2'])
  t.equal(world.lock, undefined)
  t.match(await rollGroup(task(world)), { outcome: 'rolled' })
})

t.test('rollback goes to what served before, there and back', async (t) => {
  const world = await servingWorld(2)
  await t.rejects(asRollback(task(world)).then(rollGroup), { kind: 'refused', message: /no previous image/ })
  await rollGroup(task(world))
  t.match(await rollGroup(await asRollback(task(world))), { outcome: 'rolled', image: 'i1' })
  t.match(world.record, { imageId: 'i1', previousImageId: 'i2' })
})

t.test('a rollback that was killed is carried on by the next', async (t) => {
  const world = await servingWorld(2)
  await rollGroup(task(world))
  const platform = crashingAt(world, simulatedPlatform(world, 'first'), 'first', 90, 'after')
  await t.rejects(asRollback(task(world, { platform })).then(rollGroup), { message: 'first killed' })
  t.match(world.record?.roll, { imageId: 'i1', isRollback: true })
  t.match(await rollGroup(await asRollback(task(world))), { outcome: 'rolled', image: 'i1' })
  t.match(world.record, { imageId: 'i1', previousImageId: 'i2', roll: undefined })
})

t.test('force replaces what is right already', async (t) => {
  const world = await servingWorld(2)
  const broken = guardFloor(world, 1)
  const result = await rollGroup(task(world, { image: 'i1', policy: { ...policy, force: true } }))
  t.match(result, {
    outcome: 'rolled',
    replaced: [
      { from: 'm1', to: 'm3' },
      { from: 'm2', to: 'm4' },
    ],
  })
  t.same(broken, [])
})

t.test('force onto a release that no longer boots keeps what serves', async (t) => {
  const world = await servingWorld(2, { fault: (nth) => (nth > 2 ? { neverHealthy: true } : undefined) })
  const result = await rollGroup(task(world, { image: 'i1', policy: { ...policy, force: true } }))
  t.match(result, { outcome: 'rolled-back', image: 'i1' })
  t.same(
    world.machines.map(({ id }) => id),
    ['m1', 'm2'],
  )
})

t.test('a canary that fails was the only one', async (t) => {
  const world = await servingWorld(4, { fault: brokenImage('i2') })
  await rollGroup(task(world, { policy: { ...policy, surge: 3, canary: 1 } }))
  t.equal(world.launches, 5)
})

t.test('what others do in the middle', async (t) => {
  const others: [string, (world: World) => void, string[]][] = [
    ['an old machine dies', (world) => world.kill('m1'), ['i2', 'i2', 'i2']],
    ['a ready new machine dies', (world) => world.kill('m4'), ['i2', 'i2', 'i2']],
    ['the load balancer dies', (world) => Object.assign(world, { loadBalancer: 'stopped' }), ['i2', 'i2', 'i2']],
    ['scaled up', (world) => world.record && Object.assign(world.record, { size: 5 }), ['i2', 'i2', 'i2', 'i2', 'i2']],
    ['scaled down', (world) => world.record && Object.assign(world.record, { size: 1 }), ['i2']],
  ]
  for (const [name, happen, expected] of others) {
    const world = await servingWorld(3)
    const broken = guardFloor(world, 1)
    world.watchers.push(({ call }) => {
      if (call === 'drain' && world.launches === 4) happen(world)
    })
    t.match(await rollGroup(task(world)), { outcome: 'rolled' }, name)
    t.same(imagesOf(world), expected, name)
    t.same(broken, [], name)
  }
})

t.test('all machines gone, as after a reboot of the computer, is no fault of the image', async (t) => {
  const world = await servingWorld(2)
  const platform = crashingAt(world, simulatedPlatform(world, 'first'), 'first', 20, 'after')
  await t.rejects(rollGroup(task(world, { platform })), { message: 'first killed' })
  world.kill()
  t.match(await rollGroup(task(world)), { outcome: 'rolled' })
})

t.test('no room to launch', async (t) => {
  const refuseFor = (ms: number, world: { startMs: number }) => (nth: number, nowMs: number) => {
    if (nth === 3) world.startMs = nowMs
    return nth > 2 && nowMs - world.startMs < ms ? 'no capacity' : undefined
  }
  const short = await servingWorld(2, { refuseLaunch: refuseFor(60_000, { startMs: 0 }) })
  t.match(await rollGroup(task(short)), { outcome: 'rolled' })
  const long = await servingWorld(2, { refuseLaunch: refuseFor(600_000, { startMs: 0 }) })
  t.match(await rollGroup(task(long)), {
    outcome: 'rolled-back',
    reason: 'no instance could be launched for 300 s: no capacity',
  })
})

t.test('a dry run tells the whole sequence and changes nothing', async (t) => {
  const world = await servingWorld(2)
  const before = JSON.stringify([world.machines, world.record])
  const { outcome, steps = [] } = await rollGroup(task(world, { dryRun: true }))
  t.equal(outcome, 'planned')
  const round = ['launch', 'drain', 'terminate']
  t.same(
    steps.map((step) => step.do),
    [...round, ...round, 'finish'],
  )
  t.equal(JSON.stringify([world.machines, world.record]), before)
  t.equal(world.lock, undefined)
})

t.test('what cannot be rolled to', async (t) => {
  const world = await servingWorld(2)
  await t.rejects(rollGroup(task(world, { image: 'i4' })), { kind: 'usage', message: 'image i4 is not verified' })
  await t.rejects(rollGroup(task(world, { image: '9.9.9' })), {
    message: 'no image or release "9.9.9"',
    hint: /i3 \(1\.3\.0\)/,
  })
  await t.rejects(rollGroup(task(simulatedWorld({ images }))), { kind: 'usage', message: 'there is no group yet' })
  const other = await simulatedPlatform(world, 'other').lock('heal')
  await t.rejects(
    rollGroup(task(world)),
    new OperatorError('refused', `locked by heal of other since ${world.lock?.since}`),
  )
  await other.release()
})

t.test('without an image: the newest, or where an unfinished roll goes', async (t) => {
  const world = await servingWorld(2)
  t.match(await rollGroup(task(world, { image: undefined })), { outcome: 'rolled', image: 'i3' })
  const platform = crashingAt(world, simulatedPlatform(world, 'first'), 'first', 9, 'after')
  await t.rejects(rollGroup(task(world, { platform })), { message: 'first killed' })
  t.match(await rollGroup(task(world, { image: undefined })), { outcome: 'rolled', image: 'i2' })
})

t.test('another image in the middle of a roll, and rollback out of one', async (t) => {
  for (const [go, expected] of [
    [() => 'i3', 'i3'],
    [() => undefined, 'i1'],
  ] as const) {
    const world = await servingWorld(2)
    const broken = guardFloor(world, 1)
    const platform = crashingAt(world, simulatedPlatform(world, 'first'), 'first', 90, 'after')
    await t.rejects(rollGroup(task(world, { platform })), { message: 'first killed' })
    const wanted = go()
    const result = wanted
      ? await rollGroup(task(world, { image: wanted }))
      : await rollGroup(await asRollback(task(world)))
    t.match(result, { outcome: 'rolled', image: expected })
    t.same(imagesOf(world), [expected, expected])
    t.same(broken, [])
  }
})

t.test('the hook before a roll runs once, before anything is changed', async (t) => {
  const world = await servingWorld()
  const hooked: string[] = []
  const hooks = {
    beforeRoll: async ({ id }: { id: string }) => {
      hooked.push(id)
      if (hooked.length === 1) throw new OperatorError('failed', 'before-roll hook failed for i2 (exit 1)')
    },
  }
  const before = await simulatedPlatform(world).group()
  const message = 'before-roll hook failed for i2 (exit 1); nothing was changed'
  await t.rejects(rollGroup(task(world, { hooks })), { kind: 'refused', message })
  t.same(await simulatedPlatform(world).group(), before)
  t.match(await rollGroup(task(world, { hooks })), { outcome: 'rolled' })
  t.match(await rollGroup(task(world, { hooks })), { outcome: 'unchanged' })
  t.equal(hooked.length, 2, 'not when there is nothing to do')
})

t.test('the hook before an instance is ended gets its id', async (t) => {
  const world = await servingWorld(2)
  const ended: string[] = []
  await rollGroup(task(world, { hooks: { beforeTerminate: async ({ id }) => void ended.push(id) } }))
  t.same(ended, ['m1', 'm2'])
})
