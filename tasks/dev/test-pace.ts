import { availableParallelism } from 'node:os'
import { measureComputer } from '../tools/pace-measurement.ts'

/** How many files of tests run at a time: most wait more than they compute. */
export const filesAtATime = 2 * availableParallelism()

/**
 * By how much the time limits of tests are longer than on a quiet computer: `BAKEROLL_TEST_SLOW`, which `npm test` sets for all
 * its suites, else what is measured now. Five at most, so that a test that hangs is told at some time.
 */
export const testSlowness = slownessFrom(process.env['BAKEROLL_TEST_SLOW'])

/** A factor of at least 1; what is no number counts as not said. */
export function slownessFrom(said: string | undefined, measured = measuredSlowness): number {
  const factor = Number(said)
  return said !== undefined && factor > 0 ? Math.max(1, factor) : Math.min(Math.max(1, measured()), 5)
}

/** The files that run at a time start processes of their own. */
function measuredSlowness(): number {
  const { load, processors, stretch } = measureComputer()
  return Math.round(10 * Math.max((load + filesAtATime - 1) / processors, stretch)) / 10
}

/** A time limit of a test, in whatever unit. */
export function slowed(limit: number): number {
  return Math.ceil(limit * testSlowness)
}
