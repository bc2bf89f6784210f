import { availableParallelism } from 'node:os'
import { measureComputer } from '../tools/pace-measurement.ts'

/** Test files to run at a time: most wait more than they compute. */
export const filesAtATime = 2 * availableParallelism()

/**
 * Factor for the time limits of tests: `BAKEROLL_TEST_SLOW`, which `npm test` sets for all its suites, else measured
 * now. At most five, so that a hanging test is reported eventually.
 */
export const testSlowness = slownessFrom(process.env['BAKEROLL_TEST_SLOW'])

/** A factor of at least 1; invalid numbers are ignored. */
export function slownessFrom(said: string | undefined, measured = measuredSlowness): number {
  const factor = Number(said)
  return said !== undefined && factor > 0 ? Math.max(1, factor) : Math.min(Math.max(1, measured()), 5)
}

/** The parallel test files start processes themselves. */
function measuredSlowness(): number {
  const { load, processors, stretch } = measureComputer()
  return Math.round(10 * Math.max((load + filesAtATime - 1) / processors, stretch)) / 10
}

/** Scales a test's time limit, in any unit. */
export function slowed(limit: number): number {
  return Math.ceil(limit * testSlowness)
}
