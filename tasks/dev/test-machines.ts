import { join } from 'node:path'
import { homeAt } from '../platforms/home.ts'
import { groupNames } from '../platforms/local/local.ts'
import type { TaskContext } from '../terminal/task.ts'
import destroy from '../verbs/destroy.ts'

/**
 * The home of all suites on real machines; its images are baked once and shared, by later runs too. Its name has what shells,
 * urls, option lists and configuration files read as something else: any home of a user may.
 */
export const testHome =
  process.env['BAKEROLL_TEST_HOME'] ??
  join(import.meta.dirname, '../../.bakeroll', `test, it's a "höme" \\ 50% #1? $HOME`)

/** Removes every group and every bake's machine that a test run left in its home, one that was killed above all. */
export async function removeTestMachines(context: TaskContext): Promise<void> {
  const home = homeAt(testHome)
  for (const group of groupNames(home)) {
    await destroy({
      ...context,
      settings: { ...context.settings, home: testHome, group, destroy: { images: false } },
      // Nobody is asked about what the tests made themselves, and a stop of the tests must not stop this.
      confirm: async () => {},
      signal: new AbortController().signal,
    })
  }
  const { removeLeftovers } = await import('../platforms/local/bakery.ts')
  await removeLeftovers(home)
}
