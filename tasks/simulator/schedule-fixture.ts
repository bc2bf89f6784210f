import fc from 'fast-check'
import { type FaultName, faultNames } from './fault-text.ts'
import type { SimulationTask } from './simulation-task.ts'

/** The flags of `npm run simulate`: everything that a simulated roll depends on. */
export type Drawn = Pick<SimulationTask, 'instances' | 'policy' | 'faults' | 'seed'>

const names = Object.keys(faultNames) as FaultName[]
const seconds = fc.constantFrom('30s', '2m', '5m')

/** Random policies, with time limits longer than any simulated fault. */
const policies = fc
  .record({
    surge: fc.option(fc.constantFrom('1', '2', '3', '5', '25%', '100%')),
    maxUnavailable: fc.option(fc.constantFrom('1', '2', '30%')),
    canary: fc.option(fc.constantFrom('1', '2', '20%')),
    watch: fc.option(seconds),
    pauseAt: fc.option(fc.constantFrom('1', '1,50%', '2,4')),
    pause: fc.option(seconds),
    force: fc.boolean(),
    instance: fc.constantFrom('100s', '3m', '10m'),
    timeout: fc.constantFrom('1h', '3h'),
  })
  .map(({ surge, maxUnavailable, canary, watch, pauseAt, pause, force, instance, timeout }) =>
    [
      surge && `surge=${surge}`,
      maxUnavailable && `max-unavailable=${maxUnavailable}`,
      canary && `canary=${canary}`,
      canary && watch && `canary-watch=${watch}`,
      pauseAt && `pause-at=${pauseAt}`,
      pauseAt && pause && `pause=${pause}`,
      force && 'force',
      `instance-timeout=${instance}`,
      `timeout=${timeout}`,
    ]
      .filter(Boolean)
      .join(','),
  )

const moments = fc.oneof(
  fc.nat(40).map((steps) => `@${steps}`),
  fc.nat(100).map((percent) => `@${percent}%`),
  fc.constant(''),
)

function faultWords(among: readonly FaultName[]) {
  const counts = fc.constantFrom('', '', '', ':2', ':4')
  return fc.tuple(fc.constantFrom(...among), counts, moments).map((parts) => parts.join(''))
}

/** Random groups, policies and fault schedules, some without faults. */
export function schedules(among: readonly FaultName[] = names, most = 5): fc.Arbitrary<Drawn> {
  const faults = among.length === 0 ? fc.constant([]) : fc.array(faultWords(among), { maxLength: most })
  // No boot takes longer than the longest of these limits. A killed client restarts that time, so with a shorter limit
  // a kill might save a machine that only boots slowly.
  const patient = (policy: string) => policy.replace(/instance-timeout=\w+/, 'instance-timeout=10m')
  return fc.record({
    instances: fc.integer({ min: 1, max: 12 }),
    policy: among.every((name) => name === 'killed') ? policies.map(patient) : policies,
    faults: faults.map((words) => words.join(',')),
    seed: fc.nat(1_000_000),
  })
}

/** The command that replays a schedule. */
export function commandOf({ instances, policy, faults, seed }: Drawn): string {
  const faultFlag = faults === '' ? '' : ` --faults ${faults}`
  return `npm run simulate -- --instances ${instances} --policy ${policy}${faultFlag} --seed ${seed}`
}

/**
 * Checks random schedules with `problemOf`, which returns what is wrong with one, or nothing. On failure throws the
 * command that shows the smallest failing one, and the BAKEROLL_TEST_SEED that repeats it. BAKEROLL_TEST_SCHEDULES sets
 * how many are checked instead of 300; smaller checks scale in proportion. Returns how many were checked.
 */
export async function checkSchedules(
  arbitrary: fc.Arbitrary<Drawn>,
  problemOf: (drawn: Drawn) => Promise<string | undefined>,
  { runs, seed, env = process.env }: { runs: number; seed: number; env?: NodeJS.ProcessEnv },
): Promise<number> {
  const numRuns = Math.ceil((runs * Number(env['BAKEROLL_TEST_SCHEDULES'] ?? 300)) / 300)
  const [, again, path] = /^(-?\d+)(?:\/([\d:]+))?$/.exec(env['BAKEROLL_TEST_SEED'] ?? '') ?? []
  const property = fc.asyncProperty(arbitrary, async (drawn) => {
    const problem = await problemOf(drawn)
    if (problem !== undefined) throw new Error(problem)
  })
  const replay = path === undefined ? {} : { path }
  const details = await fc.check(property, { numRuns, seed: Number(again ?? seed), endOnFailure: false, ...replay })
  if (!details.failed) return details.numRuns
  const [drawn] = details.counterexample ?? []
  const { message = '' } = (details.errorInstance ?? {}) as Error
  const command = drawn === undefined ? '' : commandOf(drawn)
  const value = `${details.seed}/${details.counterexamplePath}`
  throw new Error(`${message}\n${command}\nchecked again with BAKEROLL_TEST_SEED=${value}`)
}
