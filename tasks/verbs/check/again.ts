import { join } from 'node:path'
import type { CheckRun } from '../../../checker/run-types.ts'
import { isInstalled, ownFolder, sourceSuffix } from '../../settings/own.ts'
import type { Settings } from '../../settings/settings.ts'

/** Variables that locate a group: the project's own, and where the AWS SDK looks. No credentials. */
const carried =
  /^(BAKEROLL_(?!CHECK_)\w+|AWS_(PROFILE|REGION|DEFAULT_REGION|CONFIG_FILE|SHARED_CREDENTIALS_FILE|ENDPOINT_URL))$/

/** The package finds the project from the user's folder. */
function isCarried(name: string): boolean {
  return carried.test(name) || (isInstalled && name === 'INIT_CWD')
}

/** The command by which cron or systemd repeats a check: for urls the checker alone, for the deployed group the verb. */
export function callAgain(
  { platform, group, home, config, check }: Settings,
  isNamed: boolean,
  environment: NodeJS.ProcessEnv = process.env,
): NonNullable<CheckRun['again']> {
  if (isNamed) return { words: [process.execPath, join(ownFolder, 'checker', `main${sourceSuffix}`)] }
  const variables = Object.entries(environment).filter(
    (variable): variable is [string, string] => isCarried(variable[0]) && variable[1] !== undefined,
  )
  const verb = [process.execPath, join(ownFolder, 'tasks', 'terminal', `main${sourceSuffix}`), 'check']
  const flags = [`--platform=${platform}`, `--group=${group}`, ...(config === undefined ? [] : [`--config=${config}`])]
  return {
    words: [...verb, ...flags, ...(check.instances ? ['--instances'] : [])],
    variables: Object.fromEntries(variables.toSorted()),
    group: { name: group, id: `${home} ${platform} ${group}` },
  }
}
