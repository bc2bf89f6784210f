import { flagsOf } from './setting-names.ts'
import type { VerbName } from './verbs.ts'

/** Flags that npm has, too, and that a user may have set for npm itself. */
const alsoOfNpm = new Set(['json', 'yes', 'force', 'ca'])

/**
 * Flags that npm kept for itself because `--` was forgotten (`npm run roll --dry-run`), one message each. npm hands them on
 * as `npm_config_...` (https://docs.npmjs.com/cli/using-npm/config), and a dry run must not become a real one.
 */
export function flagsKeptByNpm(verb: VerbName, env: NodeJS.ProcessEnv): string[] {
  if (env.npm_lifecycle_event === undefined) return []
  return [...flagsOf(verb).keys()]
    .filter((flag) => !alsoOfNpm.has(flag) && env[`npm_config_${flag.replaceAll('-', '_')}`])
    .map((flag) => `--${flag}: npm kept it for itself; write npm run ${verb} -- --${flag}`)
}
