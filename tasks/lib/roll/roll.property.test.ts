import '../../simulator/promises-fixture.ts'
import t from 'tap'
import type { FaultName } from '../../simulator/fault-text.ts'
import { checkSchedules, type Drawn, schedules } from '../../simulator/schedule-fixture.ts'
import { type Simulation, simulateRoll, wrongEnd } from '../../simulator/simulation.ts'
import { boundOf } from '../../simulator/simulation-facts.ts'
import { carryOn } from '../../simulator/simulation-run.ts'
import type { SimulationTask } from '../../simulator/simulation-task.ts'
import { OperatorError } from '../errors.ts'
import { rollGroup } from './roll.ts'

/** What is wrong with how a simulated roll went, whatever its faults. */
function breachOf(simulation: Simulation): string | undefined {
  const { violations, capacity, outcome, failure, reason, startMs, endMs } = simulation
  const { lowestHealthy, floor, highestSize, maximumSize } = capacity
  if (violations.length > 0) return violations.join('; ')
  if (lowestHealthy < floor) return `${lowestHealthy} served, ${floor} were promised and possible`
  if (highestSize > maximumSize) return `${highestSize} machines, ${maximumSize} are allowed`
  if (outcome === 'paused') return 'it never passes its pause point'
  if (outcome === 'failed' && failure !== 'failed') return `it ended as ${failure}: ${reason}`
  const seconds = (endMs - startMs) / 1000
  const bound = boundOf(simulation)
  if (outcome === 'rolled' && seconds < bound - 0.01) return `${seconds} s is faster than can be, ${bound} s`
  return undefined
}

/** Gives defects of the engine as what is wrong, too. */
async function play(task: SimulationTask): Promise<Simulation | string> {
  return simulateRoll(task).catch((error: Error) => `it threw ${error.stack}`)
}

t.test(
  'whatever happens, a roll keeps its promises and ends all new, all as before, or with a call for a person',
  async (t) => {
    const outcomes = new Map<string, number>()
    const runs = await checkSchedules(
      schedules(),
      async (drawn) => {
        const simulation = await play(drawn)
        if (typeof simulation === 'string') return simulation
        outcomes.set(simulation.outcome, (outcomes.get(simulation.outcome) ?? 0) + 1)
        return breachOf(simulation)
      },
      { runs: 300, seed: 1 },
    )
    t.ok(runs, `${runs} schedules`)
    t.comment(`${runs} schedules: ${[...outcomes].map((one) => one.join(' ')).join(', ')}`)
    if (runs >= 300) t.same([...outcomes.keys()].sort(), ['failed', 'rolled', 'rolled-back'])
  },
)

t.test('where nothing goes wrong, every roll succeeds', async (t) => {
  const problemOf = async (drawn: Drawn) => {
    const simulation = await play(drawn)
    if (typeof simulation === 'string') return simulation
    return simulation.outcome === 'rolled' ? breachOf(simulation) : `${simulation.outcome}: ${simulation.reason}`
  }
  const runs = await checkSchedules(schedules([]), problemOf, { runs: 60, seed: 2 })
  t.ok(runs, `${runs} schedules`)
})

/** Faults that hit every launch, so that it makes no difference when the client is killed. */
const thorough: readonly FaultName[] = [
  'never-boots',
  'never-healthy',
  'wrong-release',
  'clock-off',
  'dies-before-ready',
]

t.test('a killed roll, run again, ends as one that nobody killed', async (t) => {
  const problemOf = async (drawn: Drawn) => {
    const flaw = drawn.seed % 2 === 0 ? `${thorough[drawn.seed % thorough.length]}:1000@0` : ''
    const whole = await play({ ...drawn, faults: flaw })
    const killed = await play({ ...drawn, faults: [drawn.faults, flaw].filter(Boolean).join(',') })
    if (typeof whole === 'string') return whole
    if (typeof killed === 'string') return killed
    const difference = `${killed.outcome} after ${killed.kills} kills, ${whole.outcome} without: ${killed.reason}`
    return killed.outcome === whole.outcome ? breachOf(killed) : difference
  }
  const runs = await checkSchedules(schedules(['killed']), problemOf, { runs: 60, seed: 3 })
  t.ok(runs, `${runs} schedules`)
})

t.test(
  'where a person was called and has mended the platform, the same command brings the group to an end',
  async (t) => {
    let calls = 0
    const problemOf = async (drawn: Drawn) => {
      const failed = await play(drawn)
      if (typeof failed === 'string') return failed
      if (failed.outcome !== 'failed') return undefined
      calls += 1
      const end = await carryOn(failed)
      const problems = [...failed.violations, ...wrongEnd(failed, end)]
      if (problems.length > 0) return problems.join('; ')
      return end.outcome === 'failed' ? `it failed again: ${end.reason}` : undefined
    }
    const runs = await checkSchedules(schedules(), problemOf, { runs: 100, seed: 5 })
    t.ok(runs, `${runs} schedules`)
    t.ok(calls > 0, `${calls} calls for a person`)
  },
)

t.test('of two rolls at once, one is refused and the other takes no notice', async (t) => {
  let refusals = 0
  const problemOf = async (drawn: Drawn) => {
    const alone = await play(drawn)
    let [calls, intrusion] = [0, Promise.resolve('')]
    const disturbed = await play({
      ...drawn,
      onCall(world, platform, policy) {
        calls += 1
        if (calls !== 3 + (drawn.seed % 60)) return
        const { probe, clock } = world
        const progress = {
          event() {},
          warn() {},
          live() {},
          step: <T>(_name: string, work: () => Promise<T>) => work(),
        }
        intrusion = rollGroup({
          platform: platform('intruder'),
          policy,
          probe,
          clock,
          progress,
          image: 'image-2',
        }).then(
          ({ outcome }) => outcome,
          (error: unknown) => (error instanceof OperatorError ? error.kind : String(error)),
        )
      },
    })
    if (typeof alone === 'string') return alone
    if (typeof disturbed === 'string') return disturbed
    const ending = await intrusion
    if (ending === 'refused') refusals += 1
    if (ending !== '' && ending !== 'refused') return `the second one ended as ${ending}`
    const [one, other] = [alone, disturbed].map(({ outcome, endMs, world }) => `${outcome} ${endMs} ${world.steps}`)
    return one === other ? breachOf(disturbed) : `${other}, alone ${one}`
  }
  const faults: FaultName[] = ['spot', 'capacity', 'zone-gone', 'never-healthy']
  const runs = await checkSchedules(schedules(faults, 2), problemOf, { runs: 40, seed: 4 })
  t.ok(runs, `${runs} schedules`)
  t.ok(refusals > 0, `${refusals} were refused`)
})
