import t from 'tap'
import { simulatedPlatform } from '../tasks/simulator/simulated-platform.ts'
import { simulatedWorld } from '../tasks/simulator/simulated-world.ts'
import { platformContract } from './contract.ts'

const image = (id: string) => ({ id, release: id, createdAt: '2026-01-01T00:00:00Z', verified: true })
const world = simulatedWorld({ images: [image('i2'), image('i1')] })
let clients = 0

await platformContract(t, {
  name: 'simulator',
  open: () => {
    clients += 1
    return simulatedPlatform(world, `client-${clients}`)
  },
  imageIds: ['i1', 'i2'],
  eventually: async (what, check) => {
    for (let tries = 0; tries < 300; tries += 1) {
      const found = await check()
      if (found) return found
      await world.clock.sleep(1000)
    }
    throw new Error(`waited in vain: ${what}`)
  },
  killMachine: async ({ id }) => world.kill(id),
  stopLoadBalancer: async () => {
    world.loadBalancer = 'stopped'
  },
  lockAndDie: async (verb) => {
    await simulatedPlatform(world, 'dead').lock(verb)
    world.deadOwners.add('dead')
  },
})
