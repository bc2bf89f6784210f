import { join } from 'node:path'
import { homeAt } from '../platforms/home.ts'
import { groupNames } from '../platforms/local/local.ts'
import type { TaskContext } from '../terminal/task.ts'
import destroy from '../verbs/destroy.ts'

/**
 * The home of all suites on real machines; its images are baked once and reused by later runs. Its name contains
 * characters that are special in shells, URLs, option lists and configuration files, as a user's home may.
 */
export const testHome =
  process.env['BAKEROLL_TEST_HOME'] ??
  join(import.meta.dirname, '../../.bakeroll', `test, it's a "höme" \\ 50% #1? $HOME`)

/** Removes every group and bake machine that test runs left in their home, especially killed ones. */
export async function removeTestMachines(context: TaskContext): Promise<void> {
  const home = homeAt(testHome)
  for (const group of groupNames(home)) {
    await destroy({
      ...context,
      settings: { ...context.settings, home: testHome, group, destroy: { images: false } },
      // No questions about what the tests created, and a stop of the tests must not stop this.
      confirm: async () => {},
      signal: new AbortController().signal,
    })
  }
  const { removeLeftovers } = await import('../platforms/local/bakery.ts')
  await removeLeftovers(home)
}
