import { example } from '../../app/example.ts'
import type { Progress } from '../../tasks/lib/progress.ts'
import { type BakeSettings, bakeSettings } from '../../tasks/platforms/aws/bake/architecture.ts'
import type { AwsInfrastructureSettings } from '../../tasks/platforms/aws/infrastructure/specs.ts'
import { type AwsSettings, awsSettings as table } from '../../tasks/settings/aws-settings.ts'

/** The settings of the aws platform, and the example's health path: their defaults, but for what is given. */
export function awsSettings(given: Partial<AwsSettings> = {}): BakeSettings & AwsInfrastructureSettings {
  const defaults = Object.entries(table).map(([key, setting]) => [key, setting.default])
  const settings = { ...Object.fromEntries(defaults), ...given } as AwsSettings
  return { ...bakeSettings(settings, 'bookworm', 'amd64'), healthPath: example.healthPath, answerTimeoutSeconds: 10 }
}

export const quiet: Progress = {
  event() {},
  step: (_, work) => work(),
  live() {},
  warn() {},
}
