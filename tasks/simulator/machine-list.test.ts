import t from 'tap'
import { simulatedPlatform } from './simulated-platform.ts'
import { simulatedWorld } from './simulated-world.ts'

t.test('launches go to the zone with the fewest machines', async (t) => {
  const image = { id: 'i1', release: 'i1', createdAt: '2026-01-01T00:00:00Z', verified: true }
  const world = simulatedWorld({ images: [image], zones: ['a', 'b'] })
  const platform = simulatedPlatform(world)
  await platform.createGroup('i1', 3)
  await platform.launch(3)
  const zones = async () => (await platform.group())?.instances.map(({ id, zone }) => `${id} ${zone}`)
  t.same(await zones(), ['m1 a', 'm2 b', 'm3 a'])
  await platform.terminate('m1')
  await platform.terminate('m3')
  await platform.launch(2)
  t.same(await zones(), ['m2 b', 'm4 a', 'm5 a'])
  world.machines = world.machines.filter(({ id }) => id !== 'm2')
  await platform.launch(1)
  t.same(await zones(), ['m4 a', 'm5 a', 'm6 b'])
  t.equal(world.find('m2'), undefined)
})
