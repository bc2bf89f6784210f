import type { Progress } from '../../tasks/lib/progress.ts'
import { awsSettings as table } from '../../tasks/settings/aws-settings.ts'
import type { Settings } from '../../tasks/settings/settings.ts'

/** The settings of the aws platform: their defaults, but for what is given. */
export function awsSettings(given: Partial<Settings['aws']> = {}): Settings['aws'] {
  const defaults = Object.entries(table).map(([key, setting]) => [key.slice('aws.'.length), setting.default])
  return { ...Object.fromEntries(defaults), ...given }
}

/** Progress that nobody sees. */
export const quiet: Progress = {
  event() {},
  step: (_, work) => work(),
  live() {},
  warn() {},
}
