import '../../simulator/promises-fixture.ts'
import t from 'tap'
import { ClientKilled, crashingAt } from '../../simulator/crash.ts'
import { recordedProgress } from '../../simulator/recorded-progress.ts'
import { type Change, releaseTask, served, servingWorld, wanted, watchFloor } from '../../simulator/release-fixture.ts'
import { simulatedDelivery } from '../../simulator/simulated-delivery.ts'
import { simulatedPlatform } from '../../simulator/simulated-platform.ts'
import { servingMachines, type World } from '../../simulator/simulated-world.ts'
import { OperatorError } from '../errors.ts'
import type { RollEvent } from '../roll/events.ts'
import { plainPolicy } from '../roll/policy.ts'
import { rollGroup } from '../roll/roll.ts'
import { releaseGroup } from './release.ts'

t.test('one after the other, and the record says so', async (t) => {
  const world = await servingWorld()
  const floor = watchFloor(world)
  const progress = recordedProgress()
  const events: RollEvent[] = []
  const result = await releaseGroup(releaseTask(world, { progress, onEvent: (event) => void events.push(event) }))
  t.match(result, { outcome: 'released', release: '1.1.0', instances: { length: 3 } })
  t.same(result.instances[0], { id: 'm1', result: 'released' })
  t.same(served(world), ['c-1.1.0', 'c-1.1.0', 'c-1.1.0'])
  t.equal(floor.lowest, 2)
  t.match(world.record?.inPlace, { ...wanted, imageId: 'i1', since: /^2026/, upTo: /^2026/, before: undefined })
  t.equal(world.lock, undefined)
  t.same(progress.lines.slice(0, 5), [
    'releasing 1.1.0 to 3 instances in place',
    'drain m1: it gets 1.1.0',
    'deliver m1: 1.1.0; it serves nothing now',
    'return: m1 answer right',
    'registered m1 again',
  ])
  t.match(events[0], { event: 'began', imageId: '1.1.0', previousImageId: '1.0.0', inPlace: true })
  t.match(events.at(-1), { event: 'ended', outcome: 'released', replaced: 3 })
})

/** The world's delivery, which notes who was prepared while how many served. */
function notingPreparation(world: World, prepare: (id: string) => Promise<void>, content = wanted) {
  const seen: { id: string; serving: number }[] = []
  const openDelivery = async () => ({
    ...simulatedDelivery(world, content),
    async prepare({ id }: { id: string }) {
      seen.push({ id, serving: servingMachines(world).length })
      await prepare(id)
    },
  })
  return { seen, openDelivery }
}

t.test('all are prepared before any is drained; one that cannot be is delivered all the same', async (t) => {
  const world = await servingWorld()
  const { seen, openDelivery } = notingPreparation(world, async (id) => {
    if (id === 'm2') throw new OperatorError('failed', 'the disk is full')
  })
  t.match(await releaseGroup(releaseTask(world, { openDelivery })), { outcome: 'released' })
  t.same(
    seen,
    ['m1', 'm2', 'm3'].map((id) => ({ id, serving: 3 })),
  )
})

t.test('none is prepared for other contents of the same name, which a reboot would start', async (t) => {
  const world = await servingWorld()
  const again = { release: '1.0.0', content: 'c-other' }
  const { seen, openDelivery } = notingPreparation(world, async () => {}, again)
  t.match(await releaseGroup(releaseTask(world, { openDelivery, wanted: again })), { outcome: 'released' })
  t.same(seen, [])
})

t.test('what is there already is unchanged, at once', async (t) => {
  const world = await servingWorld()
  t.match(await releaseGroup(releaseTask(world, { wanted: { release: '1.0.0', content: 'c-1.0.0' } })), {
    outcome: 'unchanged',
    instances: [{ id: 'm1', result: 'had it' }],
  })
  await releaseGroup(releaseTask(world))
  const [steps, nowMs] = [world.steps, world.clock.now()]
  t.match(await releaseGroup(releaseTask(world)), { outcome: 'unchanged', release: '1.1.0' })
  t.same([world.steps, world.clock.now()], [steps, nowMs])
})

t.test('other contents under the same name are another release; the contents of the image end it', async (t) => {
  const world = await servingWorld()
  await releaseGroup(releaseTask(world))
  const again = { release: '1.1.0', content: 'c-other' }
  t.match(await releaseGroup(releaseTask(world, { wanted: again })), { outcome: 'released' })
  t.same(served(world), ['c-other', 'c-other', 'c-other'])
  t.match(await releaseGroup(releaseTask(world, { wanted: { release: '1.0.0', content: 'c-1.0.0' } })), {
    outcome: 'released',
  })
  t.equal(world.record?.inPlace, undefined)
})

t.test('several at a time, what serves nothing first', async (t) => {
  const world = await servingWorld(10)
  world.machine('m7').parts.container = 'exited'
  const floor = watchFloor(world)
  const progress = recordedProgress()
  const startMs = world.clock.now()
  t.match(await releaseGroup(releaseTask(world, { progress, policy: { maxUnavailable: 4 } })), { outcome: 'released' })
  const drained = progress.lines.filter((line) => line.startsWith('drain'))
  t.same(drained[0], 'drain m7: it gets 1.1.0, and is unhealthy')
  t.same(
    drained.slice(1, 4).map((line) => line.split(':')[0]),
    ['drain m1', 'drain m2', 'drain m3'],
  )
  t.equal(floor.lowest, 6)
  t.ok(world.clock.now() - startMs < 10 * 20_000, 'side by side')
})

t.test('a hundred, one of which fails: all have what they had', async (t) => {
  const world = await servingWorld(100)
  const floor = watchFloor(world)
  const result = await releaseGroup(
    releaseTask(world, {
      policy: { maxUnavailable: 10 },
      faults: { refuse: (nth) => (nth === 57 ? 'no space left' : undefined) },
    }),
  )
  t.match(result, { outcome: 'rolled-back', release: '1.0.0', reason: /^m\d+: no space left$/ })
  t.same(new Set(served(world)), new Set(['1.0.0']))
  t.equal(world.record?.inPlace, undefined)
  t.equal(floor.lowest, 90)
  const counts = Map.groupBy(result.instances, (one) => one.result)
  t.same([counts.get('put back')?.length, counts.get('not touched')?.length], [60, 40])
})

t.test(
  'the instance fails at its delivery, by its answers, or later: back to the release in place before',
  async (t) => {
    const table: [name: string, change: Change['faults'], reason: RegExp, touched: string[]][] = [
      [
        'the first delivery',
        { refuse: (nth) => (nth === 1 ? 'docker load: no space' : undefined) },
        /^m1: docker load/,
        ['m1'],
      ],
      ['the second', { refuse: (nth) => (nth === 2 ? 'it hangs' : undefined) }, /^m2: it hangs/, ['m1', 'm2']],
      ['the first never answers', { isBroken: () => true }, /^m1: no answer/, ['m1']],
      ['the third', { isBroken: (id) => id === 'm3' }, /^m3: no answer/, ['m1', 'm2', 'm3']],
    ]
    for (const [name, faults, reason, touched] of table) {
      const world = await servingWorld()
      await releaseGroup(releaseTask(world))
      const before = world.record?.inPlace
      const floor = watchFloor(world)
      const next = { release: '1.2.0', content: 'c-1.2.0' }
      const result = await releaseGroup(releaseTask(world, { wanted: next, faults: faults ?? {} }))
      t.match(result, { outcome: 'rolled-back', release: '1.1.0', reason }, name)
      const putBack = result.instances.filter((one) => one.result === 'put back').map(({ id }) => id)
      t.same(putBack, touched, name)
      t.same(served(world), ['c-1.1.0', 'c-1.1.0', 'c-1.1.0'], name)
      t.same(world.record?.inPlace, before, name)
      t.equal(floor.lowest, 2, name)
    }
  },
)

t.test('an instance that was ready with it and fails again is its fault, too', async (t) => {
  const world = await servingWorld()
  const faults = {
    halfway(id: string) {
      if (id === 'm2') world.machine('m1').parts.container = 'exited'
    },
  }
  const result = await releaseGroup(releaseTask(world, { faults }))
  t.match(result, { outcome: 'rolled-back', reason: 'm1 was ready, and is unhealthy again' })
  t.same(served(world), ['1.0.0', '1.0.0', '1.0.0'])
})

t.test('what cannot be put back is a call for a person, and the same command tries again', async (t) => {
  const world = await servingWorld()
  const faults = { isBroken: () => true, refuseBack: () => 'not reachable over SSH' }
  await t.rejects(releaseGroup(releaseTask(world, { faults })), {
    kind: 'failed',
    message: /^1\.1\.0 failed \(m1: .*\), and 1\.0\.0 could not be put back: m1: not reachable over SSH$/,
  })
  t.match(world.record?.inPlace, { rollingBack: true, upTo: undefined })
  t.match(await releaseGroup(releaseTask(world)), { outcome: 'rolled-back', release: '1.0.0' })
  t.same(served(world), ['1.0.0', '1.0.0', '1.0.0'])
  t.equal(world.record?.inPlace, undefined)
})

t.test('a machine that dies is not the fault of the release', async (t) => {
  const world = await servingWorld(4)
  const faults = { halfway: (id: string) => void (id === 'm2' && world.kill('m3')) }
  const result = await releaseGroup(releaseTask(world, { policy: { maxUnavailable: 2 }, faults }))
  t.match(result, { outcome: 'released' })
  t.match(result.instances[2], { id: 'm3', result: 'gone' })
})

t.test('where too few are left, it stops and says what to do', async (t) => {
  const world = await servingWorld(3)
  const floor = watchFloor(world)
  const faults = { halfway: (id: string) => void (id === 'm1' && world.kill('m3')) }
  await t.rejects(releaseGroup(releaseTask(world, { faults })), {
    kind: 'failed',
    message: '1.1.0 is not on every instance, which is not its fault: 2 of 3 serve, and 2 must',
    hint: 'npm run heal replaces what is dead; npm run release carries on',
  })
  t.equal(floor.lowest, 1, 'the dead one, and the one in hand')
  t.same(served(world), ['c-1.1.0', '1.0.0', '1.0.0'])
  t.equal(world.record?.inPlace?.upTo, undefined)
})

t.test('refused before anything is touched', async (t) => {
  const table: [
    name: string,
    prepare: (world: Awaited<ReturnType<typeof servingWorld>>) => unknown,
    { kind: string; message?: RegExp; hint?: string },
  ][] = [
    [
      'during a roll',
      ({ record }) =>
        Object.assign(record ?? {}, {
          roll: {
            imageId: 'i2',
            previousImageId: 'i1',
            startedAt: '2026-01-01T00:00:00Z',
            force: false,
            rollingBack: false,
          },
        }),
      { kind: 'refused', message: /roll to i2 is not finished/, hint: 'npm run roll' },
    ],
    [
      'of several images',
      ({ record }) => Object.assign(record ?? {}, { imageId: 'i2' }),
      { kind: 'refused', message: /some instances run i1/ },
    ],
    ['without instances', (world) => world.kill(), { kind: 'refused', message: /no instance of simulated runs/ }],
    [
      'with one dead already',
      (world) => world.kill('m2'),
      { kind: 'refused', message: /2 of 3 instances serve, and 2 must/ },
    ],
    ['without a group', (world) => Object.assign(world, { record: undefined }), { kind: 'usage' }],
    [
      'locked',
      (world) => simulatedPlatform(world, 'other').lock('heal'),
      { kind: 'refused', message: /locked by heal/ },
    ],
  ]
  for (const [name, prepare, error] of table) {
    const world = await servingWorld()
    await prepare(world)
    const { steps } = world
    t.match(await releaseGroup(releaseTask(world)).catch((failure: unknown) => failure), error, name)
    t.equal(world.steps, steps, name)
    t.equal(world.record?.inPlace, undefined)
  }
})

t.test('a group that would not serve for a while asks first', async (t) => {
  const refuse = async (question: string) => {
    throw new OperatorError('refused', question)
  }
  for (const [size, maxUnavailable] of [
    [1, 1],
    [2, 2],
  ] as const) {
    const world = await servingWorld(size)
    const { steps } = world
    const asked = releaseTask(world, { policy: { maxUnavailable }, confirmOutage: refuse })
    await t.rejects(releaseGroup(asked), { kind: 'refused', message: /^Bring 1\.1\.0 to simulated, although/ })
    t.equal(world.steps, steps)
    t.match(await releaseGroup(releaseTask(world, { policy: { maxUnavailable } })), { outcome: 'released' })
  }
})

t.test('a dry run shows the steps and touches nothing', async (t) => {
  const world = await servingWorld()
  const { steps } = world
  const result = await releaseGroup(releaseTask(world, { dryRun: true, policy: { maxUnavailable: 2 } }))
  t.match(result, { outcome: 'planned', instances: [{ result: 'planned' }, {}, {}] })
  t.same(
    result.steps?.map((step) => ('instanceId' in step ? `${step.do} ${step.instanceId}` : step.do)),
    ['drain m1', 'drain m2', 'deliver m1', 'deliver m2', 'return', 'drain m3', 'deliver m3', 'return'],
  )
  t.equal(world.steps, steps)
})

t.test('a load balancer that refuses for a while is waited for, for longer it is a call', async (t) => {
  const world = await servingWorld()
  world.outages.controlUntilMs = world.clock.now() + 60_000
  t.match(await releaseGroup(releaseTask(world)), { outcome: 'released' })
  const next = { release: '1.2.0', content: 'c-1.2.0' }
  world.outages.controlUntilMs = Number.POSITIVE_INFINITY
  await t.rejects(releaseGroup(releaseTask(world, { wanted: next })), {
    kind: 'failed',
    message: /control channel is down$/,
  })
  world.outages.controlUntilMs = 0
  t.match(await releaseGroup(releaseTask(world, { wanted: next })), { outcome: 'released' })
  t.same(served(world), ['c-1.2.0', 'c-1.2.0', 'c-1.2.0'])
})

t.test('a load balancer that stops in the middle is started, and nothing is delivered under traffic', async (t) => {
  const world = await servingWorld()
  const faults = {
    halfway(id: string) {
      if (id === 'm2') world.loadBalancer = 'stopped'
    },
  }
  t.match(await releaseGroup(releaseTask(world, { faults })), { outcome: 'released' })
  t.same(served(world), ['c-1.1.0', 'c-1.1.0', 'c-1.1.0'])
})

t.test('an unfinished release is left for another one', async (t) => {
  const world = await servingWorld()
  await t.rejects(
    releaseGroup(releaseTask(world, { platform: crashingAt(world, simulatedPlatform(world, 'a'), 'a', 9, 'after') })),
  )
  t.equal(world.record?.inPlace?.upTo, undefined)
  const other = { release: '1.2.0', content: 'c-1.2.0' }
  t.match(await releaseGroup(releaseTask(world, { wanted: other })), { outcome: 'released' })
  t.same(served(world), ['c-1.2.0', 'c-1.2.0', 'c-1.2.0'])
})

t.test('a client killed at any call, then called again, ends as one that was not', async (t) => {
  const cases: [Change, string][] = [
    [{}, 'released'],
    [{ wanted: { release: '1.0.0', content: 'c-rebuilt' } }, 'released'],
    [{ faults: { isBroken: (id) => id === 'm2' } }, 'rolled-back'],
    [{ wanted: { release: '1.0.0', content: 'c-rebuilt' }, faults: { isBroken: (id) => id === 'm2' } }, 'rolled-back'],
  ]
  let kills = 0
  for (const [change, outcome] of cases) {
    for (const moment of ['before', 'after'] as const) {
      for (let nth = 1; ; nth += 1) {
        const world = await servingWorld(2)
        const floor = watchFloor(world)
        const platform = crashingAt(world, simulatedPlatform(world, 'victim'), 'victim', nth, moment)
        const task = { ...change, pollMs: 10_000, policy: { instanceTimeoutSeconds: 100 } }
        const first = await releaseGroup(releaseTask(world, { ...task, platform })).catch((error: unknown) => error)
        const isKilled = first instanceof ClientKilled
        const last = isKilled
          ? await releaseGroup(releaseTask(world, { ...task, platform: simulatedPlatform(world, 'next') }))
          : first
        const name = `${outcome}, killed ${moment} call ${nth}`
        const isOver = (last as { outcome: string }).outcome
        // Killed after its last write, it was over.
        const isRight = isOver === outcome || (isKilled && outcome === 'released' && isOver === 'unchanged')
        if (!isRight || new Set(served(world)).size > 1 || floor.lowest < 1)
          t.fail(`${name}: ${isOver}, ${served(world)}`)
        if (!isKilled) break
        kills += 1
      }
    }
  }
  t.ok(kills > 100, `${kills} kills`)
})

t.test('a client killed in the middle of a delivery leaves a half; the next one makes it whole', async (t) => {
  for (const name of ['1.1.0', '1.0.0']) {
    const world = await servingWorld(2)
    const die = () => {
      world.deadOwners.add('victim')
      throw new ClientKilled('victim killed')
    }
    const content = { release: name, content: 'c-new' }
    const killed = releaseTask(world, {
      wanted: content,
      faults: { halfway: die },
      platform: simulatedPlatform(world, 'victim'),
    })
    const lock = killed.platform.lock
    const platform = {
      ...killed.platform,
      lock: async (verb: string) => ({ ...(await lock(verb)), release: async () => {} }),
    }
    await t.rejects(releaseGroup({ ...killed, platform }), { message: 'victim killed' })
    t.equal(world.machine('m1').parts.container, 'missing')
    const progress = recordedProgress()
    t.match(await releaseGroup(releaseTask(world, { wanted: content, progress })), { outcome: 'released' })
    t.match(progress.lines, [/^warning: took over the lock of release/, /^carrying on the release of/])
    t.same(served(world), ['c-new', 'c-new'])
  }
})

t.test('Ctrl-C at any observation, and the same command carries on', async (t) => {
  for (let nth = 1; nth < 14; nth += 1) {
    const world = await servingWorld(2)
    const stop = new AbortController()
    let looks = 0
    world.watchers.push(({ call }) => {
      looks += call === 'observe' ? 1 : 0
      if (looks === nth) stop.abort()
    })
    const first = await releaseGroup(releaseTask(world, { signal: stop.signal })).catch((error: OperatorError) => error)
    t.match(first, { kind: 'interrupted', hint: 'npm run release carries on from here' })
    t.equal(world.lock, undefined)
    t.match(await releaseGroup(releaseTask(world)), { outcome: 'released' })
    t.same(served(world), ['c-1.1.0', 'c-1.1.0'])
  }
})

t.test('a roll ends what is in place, and nothing by accident', async (t) => {
  const rolling = (world: Awaited<ReturnType<typeof servingWorld>>, image?: string) =>
    rollGroup({ ...releaseTask(world), policy: plainPolicy, image })
  const world = await servingWorld(2)
  await releaseGroup(releaseTask(world))
  world.images.shift()
  await t.rejects(rolling(world), {
    kind: 'refused',
    message: '1.1.0 is in place, and the newest image is still i1, which holds 1.0.0',
    hint: /^npm run bake -- --release 1\.1\.0, then npm run roll, makes it permanent; npm run roll -- --image i1 goes back/,
  })
  t.match(await rolling(world, 'i1'), { outcome: 'rolled', replaced: { length: 2 } })
  t.same(served(world), ['1.0.0', '1.0.0'])
  t.equal(world.record?.inPlace, undefined)

  await releaseGroup(releaseTask(world))
  world.images.unshift({ id: 'i3', release: '1.1.0', createdAt: '2026-01-01T00:00:00Z', verified: true })
  t.match(await rolling(world), { outcome: 'rolled', image: 'i3' })
  t.same([served(world), world.record?.inPlace], [['1.1.0', '1.1.0'], undefined])
})

t.test('a roll that rolls back leaves what is in place, and a roll replaces an unfinished release', async (t) => {
  const world = await servingWorld(2, {
    fault: (_, imageId) => (imageId === 'i2' ? { neverHealthy: true } : undefined),
  })
  await releaseGroup(releaseTask(world))
  const before = world.record?.inPlace
  const task = { ...releaseTask(world), policy: { ...plainPolicy, instanceTimeoutSeconds: 100 }, image: 'i2' }
  t.match(await rollGroup(task), { outcome: 'rolled-back' })
  t.same([served(world), world.record?.inPlace], [['c-1.1.0', 'c-1.1.0'], before])
  const next = { release: '1.2.0', content: 'c-1.2.0' }
  const platform = crashingAt(world, simulatedPlatform(world, 'a'), 'a', 9, 'after')
  await t.rejects(releaseGroup(releaseTask(world, { wanted: next, platform })))
  t.match(await rollGroup({ ...task, image: 'i1' }), { outcome: 'rolled', replaced: { length: 2 } })
  t.same([served(world), world.record?.inPlace], [['1.0.0', '1.0.0'], undefined])
})
