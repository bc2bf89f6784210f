import { OperatorError } from '../../../lib/errors.ts'
import type { AwsSettings } from '../../../settings/aws-settings.ts'
import type { Architecture } from '../../service-image.ts'

/** The settings of a bake, with those that follow from suite and architecture. */
export interface BakeSettings extends AwsSettings {
  readonly architecture: Architecture
  readonly sourceName: string
  readonly builderType: string
}

/** https://www.debian.org/releases/ */
const versions: Readonly<Record<string, number>> = { bullseye: 11, bookworm: 12, trixie: 13, forky: 14 }

export function bakeSettings(settings: AwsSettings, suite: string, architecture: Architecture): BakeSettings {
  const { sourceName = debianName(suite, architecture), builderType = smallType(architecture) } = settings
  return { ...settings, architecture, sourceName, builderType }
}

/** Debian's names of its images: https://wiki.debian.org/Cloud/AmazonEC2Image. */
function debianName(suite: string, architecture: Architecture): string {
  const version = versions[suite]
  if (version !== undefined) return `debian-${version}-${architecture}-*`
  throw new OperatorError('usage', `image.suite: the name of Debian's image for ${suite} is not known here`, {
    hint: `set aws.sourceName, or image.suite to ${Object.keys(versions).join(', ')}`,
  })
}

/** The smallest type that a service of ours fits on. */
export function smallType(architecture: Architecture): string {
  return architecture === 'arm64' ? 't4g.small' : 't3.small'
}

/** AWS's name for it. */
export function awsArchitecture(architecture: Architecture): 'x86_64' | 'arm64' {
  return architecture === 'arm64' ? 'arm64' : 'x86_64'
}
