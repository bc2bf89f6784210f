import t from 'tap'
import { guardFloor, type Promised } from './floor-guard.ts'
import { simulatedPlatform } from './simulated-platform.ts'
import { simulatedWorld } from './simulated-world.ts'

const images = ['i2', 'i1'].map((id) => ({ id, release: id, createdAt: '2026-01-01T00:00:00Z', verified: true }))

/** Three machines that serve, a fourth that serves with a wrong clock when there is a `flaw`, and a guard. */
async function guarded({ promised = 1, flaw = false }: { promised?: number | Promised; flaw?: boolean } = {}) {
  const world = simulatedWorld({ images, fault: (nth) => (flaw && nth === 4 ? { wrongClock: true } : undefined) })
  const platform = simulatedPlatform(world)
  await platform.createGroup('i1', 3)
  await platform.launch(4)
  await world.clock.sleep(60_000)
  await platform.group()
  return { world, platform, broken: guardFloor(world, promised) }
}

t.test('a drain that leaves the size serving breaks nothing, the next one does', async (t) => {
  const { platform, broken } = await guarded()
  await platform.drain('m1')
  t.same(broken, [])
  await platform.drain('m2')
  t.match(broken, [/: m2 was drained, 2 of 3 serve on$/])
})

t.test('what may be missing counts without a surge, or where launches are refused', async (t) => {
  const inPlace = await guarded({ promised: { surge: 0, maxUnavailable: 1 } })
  for (const id of ['m1', 'm2']) await inPlace.platform.drain(id)
  t.same(inPlace.broken, [])
  const both = await guarded({ promised: { surge: 1, maxUnavailable: 1 } })
  both.world.outages.maximum = 4
  await t.rejects(both.platform.launch(1), { kind: 'failed', message: 'the group is at its maximum of 4 machines' })
  for (const id of ['m1', 'm2']) await both.platform.drain(id)
  t.same(both.broken, [])
  await both.platform.drain('m3')
  t.match(both.broken, [/1 of 2 serve on/])
})

t.test('what serves without being right is no replacement, and may go itself', async (t) => {
  const { platform, broken } = await guarded({ flaw: true })
  await platform.drain('m4')
  t.same(broken, [])
  const other = await guarded({ flaw: true })
  await other.platform.drain('m1')
  t.match(other.broken, [/m1 was drained, only 2 of 3 that serve on are right/])
})

t.test('ended too soon', async (t) => {
  const { world, platform, broken } = await guarded()
  await platform.drain('m1')
  await platform.terminate('m1')
  t.match(broken, [/m1 was ended while it finished requests/])
  await platform.terminate('m2')
  t.match(broken.slice(1), [/m2 was ended while it served, without draining/])
  world.kill('m3')
  await platform.terminate('m3')
  t.equal(broken.length, 2, 'a machine that is gone')
})

t.test('too many machines', async (t) => {
  const { world, platform, broken } = await guarded()
  world.kill('m1')
  await platform.launch(1)
  t.same(broken, [], 'dead ones do not count')
  await platform.launch(1)
  t.match(broken, [/5 machines after a launch, 4 at most are right/])
})

t.test('what nobody could know is not held against a client until it looks again', async (t) => {
  const { world, platform, broken } = await guarded()
  world.kill('m2')
  Object.assign(world.unseen, { serving: 1, sound: 1 })
  await platform.drain('m1')
  t.same(broken, [])
  await platform.group()
  await platform.drain('m3')
  t.match(broken, [/m3 was drained, 1 of 3 serve on/])
})
