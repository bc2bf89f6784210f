import fc from 'fast-check'
import t from 'tap'
import { countMachines } from './machine-counts.ts'
import { stateAt } from './simulated-machine.ts'
import { simulatedPlatform } from './simulated-platform.ts'
import { servingMachines, simulatedWorld } from './simulated-world.ts'

const image = { id: 'i1', release: '1.0.0', createdAt: '2026-01-01T00:00:00Z', verified: true }

t.test('counting by changes is counting anew, whatever happens', async () => {
  const act = fc.tuple(fc.constantFrom('launch', 'drain', 'terminate', 'kill', 'stop', 'repair', 'wait'), fc.nat(20))
  const property = fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
    const fault = (nth: number) =>
      nth % 5 === 0 ? { wrongClock: true } : nth % 7 === 0 ? { diesAfterSeconds: 60 } : {}
    const world = simulatedWorld({ images: [image], bootSeconds: () => 20, fault })
    const platform = simulatedPlatform(world)
    await platform.createGroup('i1', 3)
    await platform.launch(6)
    for (const [name, number] of acts) {
      const id = world.machines[number % Math.max(1, world.machines.length)]?.id
      if (name === 'launch') await platform.launch(1)
      if (name === 'drain' && id) await platform.drain(id)
      if (name === 'terminate' && id) await platform.terminate(id)
      if (name === 'kill' && id) world.kill(id)
      if (name === 'stop') world.loadBalancer = 'stopped'
      if (name === 'repair') await platform.repairLoadBalancer()
      if (name === 'wait') await world.clock.sleep(number * 1000)
      const { serving, sound, machines } = countMachines(world)
      const nowMs = world.clock.now()
      const anew = {
        serving: servingMachines(world).length,
        sound: servingMachines(world).filter((one) => !one.fault.wrongClock).length,
        machines: world.machines.filter((one) => stateAt(one, nowMs) !== 'stopped').length,
      }
      if (JSON.stringify({ serving, sound, machines }) !== JSON.stringify(anew)) {
        throw new Error(`${name}: ${JSON.stringify({ serving, sound, machines })}, counted ${JSON.stringify(anew)}`)
      }
    }
  })
  await fc.assert(property, { numRuns: 200, seed: 1 })
})
