import fc from 'fast-check'
import t from 'tap'
import { guardFloor } from '../../simulator/floor-guard.ts'
import { drawnSeconds, seededRandom } from '../../simulator/random.ts'
import { recordedProgress } from '../../simulator/recorded-progress.ts'
import type { Fault } from '../../simulator/simulated-machine.ts'
import { simulatedPlatform } from '../../simulator/simulated-platform.ts'
import { simulatedWorld, type World } from '../../simulator/simulated-world.ts'
import { OperatorError } from '../errors.ts'
import { plainPolicy } from './policy.ts'
import { rollGroup } from './roll.ts'

const image = (id: string) => ({ id, release: id, createdAt: '2026-01-01T00:00:00Z', verified: true })
const faults: readonly Fault[] = [
  { neverHealthy: true },
  { wrongRelease: '0.0.0' },
  { wrongClock: true },
  { diesAfterSeconds: 20 },
  { diesAfterSeconds: 90 },
  { failsAfterSeconds: 70 },
]

const scenario = fc.record({
  size: fc.integer({ min: 1, max: 6 }),
  surge: fc.integer({ min: 1, max: 4 }),
  canary: fc.integer({ min: 0, max: 2 }),
  force: fc.boolean(),
  seed: fc.nat(),
  /** Of 100 launches, how many have a fault. */
  faultPercent: fc.constantFrom(0, 0, 5, 30, 100),
  killPercent: fc.constantFrom(0, 0, 5),
  refusePercent: fc.constantFrom(0, 0, 30),
})

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

/** Rolls a random fleet; gives the broken promises and how it ended. */
async function play({ size, surge, canary, force, seed, ...percent }: Scenario) {
  const random = seededRandom(seed)
  const happens = (share: number) => random() * 100 < share
  const isOld = (nth: number) => nth <= size
  const world = simulatedWorld({
    images: [image('i2'), image('i1')],
    bootSeconds: drawnSeconds(5, 90, seed),
    drainSeconds: 8,
    fault: (nth) => (!isOld(nth) && happens(percent.faultPercent) ? faults[Math.floor(random() * 6)] : undefined),
    refuseLaunch: (nth) => (!isOld(nth) && happens(percent.refusePercent) ? 'no capacity' : undefined),
  })
  const platform = simulatedPlatform(world)
  await platform.createGroup('i1', size)
  await platform.launch(size)
  await world.clock.sleep(200_000)
  const broken = guardFloor(world, surge)
  world.watchers.push(({ call }) => {
    if (call === 'observe' && happens(percent.killPercent / 5)) world.kill(world.machines[0]?.id)
  })
  const policy = { ...plainPolicy, surge, canary, force, instanceTimeoutSeconds: 200, timeoutSeconds: 4000 }
  const { probe, clock } = world
  const task = { platform, image: 'i2', policy, probe, clock, progress: recordedProgress() }
  const outcome = await rollGroup(task).then((result) => result.outcome, failedKind)
  return { broken, outcome, world }
}

function failedKind(error: unknown): string {
  if (error instanceof OperatorError) return error.kind
  throw error
}

function endsOn(world: World, imageId: string, size: number): boolean {
  const { machines, record } = world
  return machines.length === size && machines.every((machine) => machine.imageId === imageId) && !record?.roll
}

t.test(
  'whatever happens, a roll keeps its promises and ends all new, all old, or with a call for a person',
  async (t) => {
    const outcomes = new Map<string, number>()
    const property = fc.asyncProperty(scenario, async (drawn) => {
      const { broken, outcome, world } = await play(drawn)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (broken.length > 0) throw new Error(broken.join('; '))
      if (world.lock) throw new Error('the lock is still held')
      if (outcome === 'rolled') return endsOn(world, 'i2', drawn.size)
      if (outcome === 'rolled-back') return endsOn(world, 'i1', drawn.size)
      return outcome === 'failed' && world.record?.roll?.rollingBack === true
    })
    await fc.assert(property, { numRuns: 300, seed: 1 })
    t.same([...outcomes.keys()].sort(), ['failed', 'rolled', 'rolled-back'], JSON.stringify([...outcomes]))
  },
)

t.test('without faults every roll succeeds', async (t) => {
  const calm = { faultPercent: 0, killPercent: 0, refusePercent: 0 } as const
  const property = fc.asyncProperty(scenario, async (drawn) => (await play({ ...drawn, ...calm })).outcome === 'rolled')
  await fc.assert(property, { numRuns: 100, seed: 2 })
  t.pass()
})
