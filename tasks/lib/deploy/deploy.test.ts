import t from 'tap'
import { ClientKilled, crashingAt } from '../../simulator/crash.ts'
import { recordedProgress } from '../../simulator/recorded-progress.ts'
import { simulatedPlatform } from '../../simulator/simulated-platform.ts'
import { simulatedWorld, type World, type WorldOptions } from '../../simulator/simulated-world.ts'
import { OperatorError } from '../errors.ts'
import { type DeployTask, deployGroup, planDeploy } from './deploy.ts'
import { destroyGroup } from './destroy.ts'

const image = (id: string) => ({ id, release: id, createdAt: '2026-01-01T00:00:00Z', verified: true })
const open = (options: Partial<WorldOptions> = {}) => simulatedWorld({ images: [image('i2'), image('i1')], ...options })

function task(world: World, change: Partial<DeployTask> = {}): DeployTask {
  const { probe, clock } = world
  const progress = recordedProgress()
  return { platform: simulatedPlatform(world), instanceTimeoutSeconds: 300, probe, clock, progress, ...change }
}

const idsOf = (world: World) => world.machines.map(({ id }) => id)

t.test('a new group is created, then nothing is left to do, at once', async (t) => {
  const world = open()
  t.same((await planDeploy(task(world, { size: 2 }))).steps, [
    'create: there is no group yet; 2 of i2',
    'launch 2: 0 of 2 there',
  ])
  t.match(await deployGroup(task(world, { size: 2 })), {
    outcome: 'created',
    image: 'i2',
    url: 'http://simulated',
    outdated: 0,
  })
  const beforeMs = world.clock.now()
  const calls: string[] = []
  world.watchers.push(({ call }) => void calls.push(call))
  t.match(await deployGroup(task(world)), { outcome: 'unchanged', size: 2 })
  t.equal(world.clock.now(), beforeMs)
  t.same(calls, ['observe', 'repair', 'observe'])
  t.same((await planDeploy(task(world))).steps, [])
})

t.test('an existing group converges', async (t) => {
  const table: [string, (world: World) => void, Partial<DeployTask>, string[], string[]][] = [
    ['scaled up', () => {}, { size: 3 }, ['update: size 2 -> 3', 'launch 1: 2 of 3 there'], ['m1', 'm2', 'm3']],
    ['scaled down', () => {}, { size: 1 }, ['update: size 2 -> 1', 'drain m1: only 1 wanted'], ['m2']],
    [
      'a dead machine is replaced',
      (world) => world.kill('m1'),
      {},
      ['terminate m1: its machine is gone', 'launch 1: 1 of 2 there'],
      ['m2', 'm3'],
    ],
    ['another image', () => {}, { image: 'i1' }, ['update: image i2 -> i1'], ['m1', 'm2']],
    [
      'a stopped load balancer',
      (world) => Object.assign(world, { loadBalancer: 'stopped' }),
      {},
      ['repair load balancer: it is stopped'],
      ['m1', 'm2'],
    ],
  ]
  for (const [name, happen, change, plan, ids] of table) {
    const world = open()
    await deployGroup(task(world))
    happen(world)
    t.same((await planDeploy(task(world, change))).steps, plan, name)
    t.match(await deployGroup(task(world, change)), { outcome: 'updated' }, name)
    t.same(idsOf(world), ids, name)
    t.match(await deployGroup(task(world)), { outcome: 'unchanged' }, name)
  }
})

t.test('another image leaves the instances to roll and remembers what served', async (t) => {
  const world = open()
  await deployGroup(task(world, { image: 'i1' }))
  t.match(await deployGroup(task(world, { image: 'i2' })), { outcome: 'updated', image: 'i2', outdated: 2 })
  t.match(world.record, { imageId: 'i2', previousImageId: 'i1' })
})

t.test('a deploy killed anywhere is carried on', async (t) => {
  for (let nth = 1; ; nth += 1) {
    const world = open({ bootSeconds: () => 3 })
    const platform = crashingAt(world, simulatedPlatform(world, 'first'), 'first', nth, 'after')
    const killed = await deployGroup(task(world, { platform, size: 3 })).then(() => false, isKill)
    await deployGroup(task(world, { size: 3 }))
    await deployGroup({ verb: 'scale', ...task(world), platform: killOnce(world, nth), size: 1 }).catch(isKill)
    await deployGroup({ verb: 'scale', ...task(world), size: 1 })
    if (world.machines.length !== 1 || world.lock) return t.fail(`killed at ${nth}: ${idsOf(world)}`)
    if (!killed) return t.ok(nth > 5, `${nth} calls`)
  }
})

const killOnce = (world: World, nth: number) =>
  crashingAt(world, simulatedPlatform(world, 'second'), 'second', nth, 'after')

function isKill(error: unknown): boolean {
  if (error instanceof ClientKilled) return true
  throw error
}

t.test('a group that never gets healthy fails, names the instance and stays', async (t) => {
  for (const [fault, reason] of [
    [{ neverHealthy: true }, 'after 301 s: m2: no answer'],
    [{ diesAfterSeconds: 10 }, 'after 9 s: m2: its machine is gone'],
  ] as const) {
    const world = open({ fault: (nth) => (nth === 2 ? fault : undefined) })
    const message = `group simulated not healthy ${reason}`
    const hint = 'npm run heal -- --instance m2\nits console ends with:\n  simulated console of m2'
    await t.rejects(deployGroup(task(world)), new OperatorError('failed', message, { hint }))
    t.same(idsOf(world), ['m1', 'm2'])
    t.equal(world.lock, undefined)
  }
})

t.test('an unfinished roll comes first', async (t) => {
  const world = open()
  await deployGroup(task(world))
  const roll = {
    imageId: 'i1',
    previousImageId: 'i2',
    startedAt: '2026-01-01T00:00:00Z',
    force: false,
    rollingBack: false,
  }
  await simulatedPlatform(world).updateGroup({ roll })
  const refusal = { kind: 'refused', message: 'the roll to i1 is not finished' }
  await t.rejects(deployGroup(task(world)), refusal)
  await t.rejects(deployGroup({ verb: 'scale', ...task(world), size: 4 }), refusal)
  t.equal(world.lock, undefined)
})

t.test('scale needs a group', async (t) => {
  await t.rejects(deployGroup({ verb: 'scale', ...task(open()), size: 4 }), {
    kind: 'usage',
    message: 'there is no group yet',
  })
})

t.test('destroy leaves nothing, however often it is killed, and then has nothing to do', async (t) => {
  const world = open()
  await deployGroup(task(world, { size: 3 }))
  const { clock } = world
  for (let nth = 2; nth < 6; nth += 1) {
    const platform = crashingAt(world, simulatedPlatform(world, `c${nth}`), `c${nth}`, nth, 'before')
    await t.rejects(destroyGroup({ platform, clock, progress: recordedProgress(), timeoutSeconds: 60 }), {
      message: /killed/,
    })
  }
  const last = { platform: simulatedPlatform(world), clock, progress: recordedProgress(), timeoutSeconds: 60 }
  t.match(await destroyGroup(last), { outcome: 'removed', left: [] })
  t.same([world.machines, world.record, world.lock], [[], undefined, undefined])
  t.same(await destroyGroup(last), { outcome: 'nothing', removed: [], left: [] })
})
