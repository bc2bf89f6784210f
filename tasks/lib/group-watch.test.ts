import t from 'tap'
import { simulatedPlatform } from '../simulator/simulated-platform.ts'
import { simulatedWorld } from '../simulator/simulated-world.ts'
import { type WatchOptions, watchGroup } from './group-watch.ts'
import type { Group, Instance, Platform } from './platform.ts'
import type { ProbeResult } from './readiness.ts'

const ids = (count: number, prefix: string) => Array.from({ length: count }, (_, nth) => `${prefix}${nth}`)

function instanceOf(id: string, change: Partial<Instance> = {}): Instance {
  return {
    id,
    imageId: id.startsWith('old') ? 'old' : 'new',
    release: '1.0.0',
    state: 'running',
    health: 'healthy',
    url: '',
    startedAt: '2026-01-01T00:00:00Z',
    ssh: { host: id, port: 22, user: 'admin' },
    ...change,
  }
}

/** A watch of instances that can be exchanged, with a probe that answers as told and what it was asked. */
function openWatch(instances: Instance[], options: Partial<WatchOptions> = {}) {
  const scene = {
    instances,
    isThere: true,
    answer: (_id: string): ProbeResult => ({ ok: true }),
    probed: [] as string[],
    nowMs: 1000,
  }
  const group = async (): Promise<Group | undefined> => {
    if (!scene.isThere) return undefined
    return { name: 'g', imageId: 'new', size: 2, url: '', loadBalancer: 'running', instances: scene.instances }
  }
  const platform: Platform = { ...simulatedPlatform(simulatedWorld({ images: [] })), group }
  const probe = async ({ id }: Instance, release: string) => {
    scene.probed.push(`${id} ${release}`)
    scene.nowMs += 1
    return scene.answer(id)
  }
  const clock = { now: () => scene.nowMs, sleep: async () => {} }
  return { scene, watch: watchGroup({ platform, probe, clock }, { probesNeeded: 2, ...options }) }
}

t.test('no group, nothing seen', async (t) => {
  const { scene, watch } = openWatch([])
  scene.isThere = false
  t.equal(await watch.look(), undefined)
})

t.test('every running one is probed for its own release, and remembered from look to look', async (t) => {
  const { scene, watch } = openWatch([
    instanceOf('a', { release: '2.0.0' }),
    instanceOf('b', { state: 'pending' }),
    instanceOf('c', { state: 'stopped' }),
  ])
  const first = await watch.look()
  t.same(scene.probed, ['a 2.0.0'])
  t.equal(first?.group.name, 'g')
  t.equal(first?.nowMs, 1001, 'the time is that after the probes')
  t.match(first?.readiness.get('a'), { ready: false, rightProbes: 1, unreadySinceMs: 1001 })
  t.same([...(first?.readiness.keys() ?? [])], ['a', 'b', 'c'])
  t.match((await watch.look())?.readiness.get('a'), { ready: true, readySinceMs: 1002 })
  scene.instances = []
  t.equal((await watch.look())?.readiness.size, 0)
  scene.instances = [instanceOf('a')]
  t.match((await watch.look())?.readiness.get('a'), { ready: false, everReady: false }, 'who was gone is new')
})

t.test('the chosen ones are probed, by what is known so far', async (t) => {
  const { scene, watch } = openWatch([instanceOf('a'), instanceOf('b'), instanceOf('c', { state: 'pending' })], {
    choose: ({ instances }, readiness) => instances.filter(({ id }) => id === 'c' || !readiness.get(id)?.ready),
    probesNeeded: 1,
  })
  scene.answer = (id) => ({ ok: id === 'a' })
  await watch.look()
  t.same(scene.probed.splice(0), ['a 1.0.0', 'b 1.0.0'])
  const seen = await watch.look()
  t.same(scene.probed, ['b 1.0.0'])
  t.match(seen?.readiness.get('a'), { ready: true })
})

const isMeasure = ({ imageId }: Instance, group: Group) => imageId !== group.imageId

/** Whether one that answers in `latencyMs` is ready beside those that measure. */
async function isReady(latencyMs: number, measures: readonly number[]): Promise<boolean | undefined> {
  const olds = measures.map((_, nth) => instanceOf(`old${nth}`))
  const { scene, watch } = openWatch([...olds, instanceOf('a')], { probesNeeded: 1, isMeasure })
  scene.answer = (id) => ({ ok: true, latencyMs: id === 'a' ? latencyMs : (measures[Number(id.slice(3))] ?? 0) })
  return (await watch.look())?.readiness.get('a')?.ready
}

t.test('five times as slow as those that measure, or a quarter of a second slower, is right', async (t) => {
  const table: [string, number, number[], boolean][] = [
    ['a quarter of a second more', 260, [10, 10, 10, 10, 10], true],
    ['slower than that', 261, [10, 10, 10, 10, 10], false],
    ['five times', 500, [100, 100, 100, 100, 100], true],
    ['slower than five times', 501, [100, 100, 100, 100, 100], false],
    ['by the median', 500, [1, 9999, 100, 9999, 1], true],
    ['four are too few to measure by', 9999, [10, 10, 10, 10], true],
  ]
  for (const [name, latencyMs, measures, expected] of table) {
    t.equal(await isReady(latencyMs, measures), expected, name)
  }
})

t.test('those that measure are not measured, and without them nobody is', async (t) => {
  const slow = (id: string) => ({ ok: true, latencyMs: id === 'old5' || id === 'a' ? 9999 : 10 })
  const instances = [...ids(6, 'old').map((id) => instanceOf(id)), instanceOf('a')]
  const measured = openWatch(instances, { probesNeeded: 1, isMeasure })
  measured.scene.answer = slow
  const seen = await measured.watch.look()
  t.equal(seen?.readiness.get('old5')?.ready, true)
  t.equal(seen?.readiness.get('a')?.ready, false)
  const unmeasured = openWatch(instances, { probesNeeded: 1 })
  unmeasured.scene.answer = slow
  t.equal((await unmeasured.watch.look())?.readiness.get('a')?.ready, true)
})

t.test('the last twenty-five measures count, also of those that have left', async (t) => {
  const { scene, watch } = openWatch(
    ids(5, 'old').map((id) => instanceOf(id)),
    { probesNeeded: 1, isMeasure },
  )
  const lookTimes = async (times: number, latencyMs: number) => {
    scene.answer = () => ({ ok: true, latencyMs })
    for (let nth = 0; nth < times; nth += 1) await watch.look()
  }
  const isRight = async (latencyMs: number) => {
    scene.answer = () => ({ ok: true, latencyMs })
    const before = scene.instances
    scene.instances = [instanceOf(`a${scene.nowMs}`)]
    const ready = [...((await watch.look())?.readiness.values() ?? [])][0]?.ready
    scene.instances = before
    return ready
  }
  await lookTimes(4, 1000)
  await lookTimes(2, 10)
  t.equal(await isRight(5000), true, 'ten fast ones of twenty-five')
  await lookTimes(1, 10)
  t.equal(await isRight(261), false, 'fifteen fast ones of twenty-five')
})

t.test('fifty probes at the same time', async (t) => {
  let [now, most] = [0, 0]
  const platform = simulatedPlatform(simulatedWorld({ images: [] }))
  const instances = ids(120, 'm').map((id) => instanceOf(id))
  const group = async (): Promise<Group> => {
    return { name: 'g', imageId: 'new', size: 2, url: '', loadBalancer: 'running', instances }
  }
  const probe = async () => {
    now += 1
    most = Math.max(most, now)
    await new Promise(setImmediate)
    now -= 1
    return { ok: true }
  }
  const clock = { now: () => 0, sleep: async () => {} }
  await watchGroup({ platform: { ...platform, group }, probe, clock }, { probesNeeded: 1 }).look()
  t.equal(most, 50)
})
