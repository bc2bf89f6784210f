import t from 'tap'
import { ClientKilled, crashingAt } from '../../simulator/crash.ts'
import { recordedProgress } from '../../simulator/recorded-progress.ts'
import { worldServing } from '../../simulator/serving-fixture.ts'
import type { Parts } from '../../simulator/simulated-machine.ts'
import { simulatedPlatform } from '../../simulator/simulated-platform.ts'
import { simulatedHands } from '../../simulator/simulated-repairs.ts'
import type { World, WorldOptions } from '../../simulator/simulated-world.ts'
import { OperatorError } from '../errors.ts'
import { healGroup } from './heal.ts'
import type { HealPolicy, HealTask } from './task.ts'

const images = [{ id: 'i1', release: 'i1', createdAt: '2026-01-01T00:00:00Z', verified: true }]

function servingWorld(size = 2, options: Partial<WorldOptions> = {}): Promise<World> {
  return worldServing(size, { images, ...options })
}

function task(world: World, change: Partial<HealPolicy> = {}, stuck: Record<string, string[]> = {}): HealTask {
  const { probe, clock } = world
  const times = { verifySeconds: 20, sshSeconds: 30, instanceTimeoutSeconds: 300 }
  const policy: HealPolicy = { maxRepair: 'replace', dryRun: false, share: 0.25, ...times, ...change }
  return {
    platform: simulatedPlatform(world),
    ...simulatedHands(world, stuck),
    probe,
    clock,
    progress: recordedProgress(),
    policy,
  }
}

const damage = (world: World, id: string, parts: Partial<Parts>) => Object.assign(world.machine(id).parts, parts)
const idsOf = (world: World) => world.machines.map(({ id }) => id)

t.test('nothing wrong, nothing done, in no time', async (t) => {
  const world = await servingWorld()
  const beforeMs = world.clock.now()
  t.match(await healGroup(task(world)), {
    outcome: 'healthy',
    instances: [{ id: 'm1', diagnosis: 'healthy', repairs: [] }, {}],
  })
  t.equal(world.clock.now(), beforeMs)
  t.equal(world.lock, undefined)
})

t.test('the smallest repair that works, and no larger one', async (t) => {
  const table: [Partial<Parts>, string[], string[]][] = [
    [{ nginx: 'inactive' }, [], ['nginx']],
    [{ container: 'paused' }, [], ['container']],
    [{ container: 'exited' }, ['container'], ['container', 'docker']],
    [{ docker: 'failed' }, [], ['docker']],
    [{ time: 'inactive' }, [], ['time']],
    [{ nginx: 'failed' }, ['nginx', 'container', 'docker'], ['nginx', 'container', 'docker', 'reboot']],
    [{ time: 'failed' }, ['time', 'reboot'], ['time', 'reboot', 'replace']],
    [{ nginx: 'failed', ssh: 'unreachable' }, [], ['replace']],
  ]
  for (const [parts, stuck, expected] of table) {
    const world = await servingWorld()
    damage(world, 'm1', parts)
    const { outcome, instances } = await healGroup(task(world, {}, { m1: stuck }))
    const repairs = instances[0]?.repairs ?? []
    t.same([outcome, repairs.map(({ repair }) => repair)], ['healed', expected], JSON.stringify(parts))
    const results = [...expected.slice(1).map(() => 'did not help'), 'worked']
    t.same(
      repairs.map(({ result }) => result),
      results,
    )
    t.same(idsOf(world), expected.includes('replace') ? ['m2', 'm3'] : ['m1', 'm2'])
    t.match(await healGroup(task(world)), { outcome: 'healthy' })
  }
})

t.test('dead machines and missing ones are launched again together', async (t) => {
  const world = await servingWorld(4)
  world.kill('m1')
  world.kill('m2')
  await simulatedPlatform(world).terminate('m3')
  const result = await healGroup(task(world))
  t.match(result, { outcome: 'healed', launched: ['m5', 'm6', 'm7'] })
  t.match(result.instances[0], { diagnosis: 'its machine is gone', repairs: [{ repair: 'replace', result: 'worked' }] })
  t.same(idsOf(world), ['m4', 'm5', 'm6', 'm7'])
})

t.test('what is missing and cannot be launched is a failure that says what to do', async (t) => {
  const world = await servingWorld()
  await simulatedPlatform(world).terminate('m1')
  const launch = async () => {
    throw new OperatorError('failed', 'no m1.huge left', { hint: 'try m1.small' })
  }
  const progress = recordedProgress()
  const platform = { ...simulatedPlatform(world), launch }
  const result = await healGroup({ ...task(world), platform, progress })
  t.match(result, { outcome: 'failed', launched: [], instances: [{ id: 'm2', diagnosis: 'healthy', repairs: [] }] })
  t.ok(progress.lines.includes('warning: no m1.huge left: try m1.small'), progress.lines.join('\n'))
})

t.test('a wrong release is replaced, ready before the old one goes', async (t) => {
  const world = await servingWorld(2, { fault: (nth) => (nth === 1 ? { wrongRelease: 'i0' } : undefined) })
  const least: number[] = []
  world.watchers.push(({ serving }) => void least.push(serving))
  t.match(await healGroup(task(world)), { outcome: 'healed' })
  t.same(idsOf(world), ['m2', 'm3'])
  t.equal(Math.min(...least), 2)
})

t.test('a replacement that fails is ended again, what is there stays', async (t) => {
  const world = await servingWorld(2, { fault: (nth) => (nth === 3 ? { neverHealthy: true } : undefined) })
  damage(world, 'm1', { container: 'exited', ssh: 'unreachable' })
  const result = await healGroup(task(world))
  t.match(result, { outcome: 'failed', instances: [{ repairs: [{ result: /^failed: m3 not healthy/ }] }, {}] })
  t.same(idsOf(world), ['m1', 'm2'])
})

t.test('the load balancer is mended first', async (t) => {
  const world = await servingWorld()
  world.loadBalancer = 'stopped'
  const result = await healGroup(task(world))
  t.match(result, { outcome: 'healed', loadBalancer: ['started the load balancer'] })
  t.ok(result.instances.every(({ repairs }) => repairs.length === 0))
})

t.test('at most the share of the group at once, and one at a time when all are broken', async (t) => {
  for (const [brokenCount, share, expected] of [
    [3, 0.5, 2],
    [3, 0.1, 1],
    [4, 1, 1],
  ] as const) {
    const world = await servingWorld(4)
    for (const id of idsOf(world).slice(0, brokenCount)) damage(world, id, { nginx: 'inactive' })
    const healing = task(world, { share })
    let inRepair = 0
    let most = 0
    const repair: HealTask['repair'] = async (instance, name) => {
      inRepair += 1
      most = Math.max(most, inRepair)
      await world.clock.sleep(1000)
      await healing.repair(instance, name)
      inRepair -= 1
    }
    t.match(await healGroup({ ...healing, repair }), { outcome: 'healed' })
    t.equal(most, expected, `${brokenCount} broken, share ${share}`)
  }
})

t.test('no larger repair than allowed', async (t) => {
  const world = await servingWorld()
  damage(world, 'm1', { nginx: 'failed' })
  const stuck = { m1: ['nginx', 'container', 'docker'] }
  t.match(await healGroup(task(world, { maxRepair: 'docker' }, stuck)), { outcome: 'failed' })
  world.kill('m2')
  t.match(await healGroup(task(world, { maxRepair: 'docker', instance: 'm2' })), { outcome: 'refused' })
  t.match(await healGroup(task(world, { maxRepair: 'docker' })), { launched: [] })
  t.same(idsOf(world), ['m1', 'm2'])
})

t.test('a dry run names the first repair and touches nothing', async (t) => {
  const world = await servingWorld()
  damage(world, 'm1', { nginx: 'failed' })
  const hands = task(world, { dryRun: true })
  const result = await healGroup(hands)
  t.match(result, {
    outcome: 'planned',
    instances: [{ repairs: [{ repair: 'nginx', result: 'planned' }] }, { repairs: [] }],
  })
  t.equal(world.machine('m1').parts.nginx, 'failed')
})

t.test('refusals', async (t) => {
  const world = await servingWorld()
  await t.rejects(healGroup(task(world, { instance: 'm9' })), { kind: 'usage', message: 'no instance m9' })
  const lost = { probe: async () => ({ ok: false }), inspect: async () => ({ ssh: 'unreachable' }) as const }
  await t.rejects(healGroup({ ...task(world), ...lost }), {
    kind: 'refused',
    message: /no instance can be reached from here/,
  })
  const roll = {
    imageId: 'i2',
    previousImageId: 'i1',
    startedAt: '2026-01-01T00:00:00Z',
    force: false,
    rollingBack: false,
  }
  await simulatedPlatform(world).updateGroup({ roll })
  await t.rejects(healGroup(task(world)), { kind: 'refused', message: 'the roll to i2 is not finished' })
  t.equal(world.lock, undefined)
})

t.test('a booting instance is not broken', async (t) => {
  const world = await servingWorld()
  await simulatedPlatform(world).updateGroup({ size: 3 })
  await simulatedPlatform(world).launch(1)
  t.match(await healGroup(task(world)), { outcome: 'healthy' })
})

t.test('a heal killed anywhere in a replacement is carried on', async (t) => {
  for (let nth = 1; ; nth += 1) {
    const world = await servingWorld(2, { bootSeconds: () => 3, drainSeconds: 1 })
    damage(world, 'm1', { container: 'exited', ssh: 'unreachable' })
    const platform = crashingAt(world, simulatedPlatform(world, 'first'), 'first', nth, 'after')
    const killed = await healGroup({ ...task(world, { sshSeconds: 1 }), platform }).then(() => false, isKill)
    await healGroup(task(world))
    if (idsOf(world).join() !== 'm2,m3' || world.lock) return t.fail(`killed at ${nth}: ${idsOf(world)}`)
    if (!killed) return t.ok(nth > 10, `${nth} calls`)
  }
})

function isKill(error: unknown): boolean {
  if (error instanceof ClientKilled) return true
  throw error
}
