import t from 'tap'
import type { Group, Platform } from '../lib/platform.ts'
import { killable } from './crash.ts'
import { openSchedule, planFaults } from './fault-schedule.ts'
import { type FaultName, faultNames, parseFaults } from './fault-text.ts'
import { simulatedPlatform } from './simulated-platform.ts'
import { servingMachines, simulatedWorld, type World } from './simulated-world.ts'

const images = ['i3', 'i2', 'i1'].map((id) => ({ id, release: id, createdAt: '2026-01-01T00:00:00Z', verified: true }))

interface Stage {
  readonly world: World
  readonly platform: Platform
  readonly group: () => Promise<Group>
  readonly mishaps: readonly { readonly name: string; readonly what: string }[]
  readonly waiting: () => number
}

/** Six machines that serve, and a client that meets these faults; machines boot in 20 s. */
async function stage(faults: string, seed = 1): Promise<Stage> {
  let flawOf: ReturnType<typeof openSchedule>['flawOf'] | undefined
  const world = simulatedWorld({ images, bootSeconds: () => 20, fault: (_nth, _id, boot) => flawOf?.(boot) })
  const calm = simulatedPlatform(world)
  await calm.createGroup('i1', 6)
  await calm.launch(6)
  await world.clock.sleep(60_000)
  world.steps = 0
  const schedule = openSchedule(world, planFaults(parseFaults(faults), 6, seed), { seed, otherImageId: 'i3' })
  flawOf = schedule.flawOf
  const platform = killable(world, calm, 'client-1', schedule.beforeCall)
  const group = async () => (await platform.group()) as Group
  return { world, platform, group, mishaps: schedule.mishaps, waiting: () => schedule.waiting.length }
}

/** The seventh machine, and what our own probe says of it, as long after its launch. */
async function launched(faults: string, ...seconds: number[]) {
  const all = await stage(faults)
  await all.group()
  await all.platform.launch(1)
  const seen: (readonly [string | undefined, string | undefined, string | undefined])[] = []
  for (const [index, second] of seconds.entries()) {
    await all.world.clock.sleep((second - (seconds[index - 1] ?? 0)) * 1000)
    const instance = (await all.group()).instances.find(({ id }) => id === 'm7')
    const probe = instance?.state === 'running' ? await all.world.probe(instance, 'i1') : undefined
    seen.push([instance?.state, instance?.health, probe && (probe.ok ? `in ${probe.latencyMs} ms` : probe.reason)])
  }
  return seen
}

t.test('what the platform and our probe show of a machine with a flaw', async (t) => {
  const table: [FaultName, number[], unknown[]][] = [
    [
      'protected',
      [5, 15, 30],
      [
        ['pending', 'initial', undefined],
        ['running', 'initial', 'no answer'],
        ['running', 'healthy', 'in 18 ms'],
      ],
    ],
    [
      'never-boots',
      [30, 9000],
      [
        ['pending', 'unhealthy', undefined],
        ['pending', 'unhealthy', undefined],
      ],
    ],
    ['never-healthy', [30, 9000], Array.from({ length: 2 }, () => ['running', 'unhealthy', 'no answer'])],
    ['wrong-release', [30], [['running', 'healthy', 'release 0.0.0, expected i1']]],
    ['clock-off', [30], [['running', 'healthy', 'clock is off by 4 s']]],
    [
      'slow-start',
      [30, 90, 110],
      [
        ['pending', 'initial', undefined],
        ['running', 'initial', 'no answer'],
        ['running', 'healthy', 'in 18 ms'],
      ],
    ],
    ['slow', [30], [['running', 'healthy', 'in 360 ms']]],
    [
      'dies-before-ready',
      [14, 30],
      [
        ['running', 'initial', 'no answer'],
        ['stopped', 'unused', undefined],
      ],
    ],
    [
      'dies-accepted',
      [26, 100],
      [
        ['running', 'healthy', 'in 18 ms'],
        ['stopped', 'unused', undefined],
      ],
    ],
  ]
  for (const [name, seconds, seen] of table) t.same(await launched(`${name}@0`, ...seconds), seen, name)
  const healths = (await launched('flapping@0', ...Array.from({ length: 80 }, (_, index) => 23 + index))).map(
    ([, health]) => health,
  )
  const turns = healths.filter((health, index) => index > 0 && health !== healths[index - 1]).length
  t.ok(turns >= 4, `${turns} turns`)
})

t.test('machines that leave or end', async (t) => {
  const spot = await stage('spot@0')
  t.equal((await spot.group()).instances.filter(({ state }) => state === 'stopped').length, 1)
  t.match(spot.mishaps, [{ name: 'spot', what: /^m\d was ended by the platform$/ }])
  for (const name of ['standby', 'detached']) {
    const left = await stage(`${name}:2@0`)
    const { instances, aside } = await left.group()
    t.equal(instances.length, 4)
    t.match(aside, [{ id: /^m/, because: name === 'standby' ? 'it is in standby' : 'it is being detached' }, {}])
    t.equal(servingMachines(left.world).length, 4)
  }
  const guarded = await stage('protected:30@0')
  const before = (await guarded.group()).instances
  t.same(before.length, 6)
  await guarded.platform.terminate('m1')
  t.equal((await guarded.group()).instances.length, 5, 'a protected machine can be ended')
})

t.test('rebalancing ends an unprotected old machine of the fullest zone, at the next launch', async (t) => {
  const all = await stage('rebalance@0')
  t.equal((await all.group()).instances.length, 6)
  await all.platform.launch(1)
  t.same(
    all.world.machines.map(({ id }) => id),
    ['m2', 'm3', 'm4', 'm5', 'm6', 'm7'],
  )
  t.match(all.mishaps, [{ name: 'rebalance' }, { what: 'the platform ended m1 to balance zone-a' }])
  const kept = await stage('protected:300@0,rebalance@0')
  await kept.group()
  await kept.platform.launch(1)
  t.equal(kept.world.machines.length, 7)
})

t.test('somebody changes the group', async (t) => {
  t.match(await (await stage('image-changed@0')).group(), { imageId: 'i3' })
  const sizes = await Promise.all(
    [1, 2, 3, 4, 5, 6, 7, 8].map(async (seed) => (await (await stage('scaled@0', seed)).group()).size),
  )
  t.same([...new Set(sizes)].sort(), [5, 7])
})

t.test('what is refused for a while, and for ever', async (t) => {
  const table: [FaultName, (platform: Platform) => Promise<unknown>, RegExp, boolean][] = [
    ['capacity', (platform) => platform.launch(1), /no capacity/, true],
    ['quota', (platform) => platform.launch(1), /quota/, false],
    ['at-maximum', (platform) => platform.launch(1), /maximum of 6/, false],
    ['balancer-down', (platform) => platform.launch(1), /control channel/, true],
    ['balancer-down', (platform) => platform.drain('m1'), /control channel/, true],
    ['balancer-down', (platform) => platform.repairLoadBalancer(), /control channel/, true],
    ['disk-full', (platform) => platform.updateGroup({ size: 6 }), /no space left/, true],
  ]
  for (const [name, call, message, passes] of table) {
    const { world, platform } = await stage(`${name}@0`)
    await t.rejects(call(platform), { kind: 'failed', message, isLasting: false }, name)
    await world.clock.sleep(300_000)
    if (passes) await t.resolves(call(platform), name)
    else await t.rejects(call(platform), { message }, name)
  }
  const { platform, world } = await stage('at-maximum@0')
  await platform.terminate('m1')
  await t.rejects(platform.launch(2), { message: /maximum of 6/ })
  t.equal(world.machines.length, 6, 'as many as there is room for')
})

t.test(
  'a zone without network serves nothing and comes back; requests go on without the control channel',
  async (t) => {
    const gone = await stage('zone-gone@0')
    const unhealthy = (await gone.group()).instances.filter(
      ({ health, state }) => health === 'unhealthy' && state === 'running',
    )
    t.equal(new Set(unhealthy.map(({ zone }) => zone)).size, 1)
    t.equal(unhealthy.length, 2)
    const [first] = unhealthy
    t.match(first && (await gone.world.probe(first, 'i1')), { ok: false })
    await gone.world.clock.sleep(301_000)
    t.equal(servingMachines(gone.world).length, 6)
    const down = await stage('balancer-down@0')
    await down.group()
    t.equal(servingMachines(down.world).length, 6)
    const stopped = await stage('balancer-stopped@0')
    t.match(await stopped.group(), { loadBalancer: 'stopped' })
    t.equal(servingMachines(stopped.world).length, 0)
    t.match(await stopped.platform.repairLoadBalancer(), ['started the load balancer'])
    t.equal(servingMachines(stopped.world).length, 6)
  },
)

t.test('moments: steps, a share that was replaced, or from the seed', async (t) => {
  const all = await stage('standby@2,spot@50%')
  await all.group()
  await all.platform.drain('m1')
  t.equal(all.waiting(), 2)
  await all.platform.terminate('m1')
  await all.group()
  t.match(all.mishaps, [{ name: 'standby' }])
  for (const { id } of [...all.world.machines].slice(0, 3)) if (all.waiting() > 0) await all.platform.terminate(id)
  await all.group()
  t.match(all.mishaps, [{}, { name: 'spot' }])
  const drawn = (seed: number) => planFaults(parseFaults('spot:50'), 10, seed).map(({ moment }) => moment)
  t.same(drawn(1), drawn(1))
  t.notSame(drawn(1), drawn(2))
  t.ok(drawn(1).every((moment) => 'steps' in moment && moment.steps <= 20))
})

t.test('a killed client throws at every call from then on', async (t) => {
  const before = await stage('killed@0')
  await t.rejects(before.platform.group(), { message: 'client-1 killed' })
  await t.rejects(before.platform.launch(1), { message: 'client-1 killed' })
  t.ok(before.world.deadOwners.has('client-1'))
  const moments = await Promise.all(
    Array.from({ length: 20 }, async (_, seed) => {
      const { world, platform } = await stage('killed@0', seed)
      await platform.updateGroup({ size: 9 }).catch(() => {})
      return world.record?.size
    }),
  )
  t.same([...new Set(moments)].sort(), [6, 9], 'before or after the effect')
})

t.test('every fault says what it did', async (t) => {
  for (const name of Object.keys(faultNames)) {
    const { platform, mishaps } = await stage(`${name}@0`)
    await platform.group().catch(() => {})
    t.match(mishaps, [{ name, what: /^[^A-Z]+( |$)/ }], name)
  }
})
