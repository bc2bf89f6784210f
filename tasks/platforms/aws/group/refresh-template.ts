import type { AutoScalingGroup, LaunchTemplateSpecification, MixedInstancesPolicy } from '@aws-sdk/client-auto-scaling'
import { DescribeLaunchTemplateVersionsCommand } from '@aws-sdk/client-ec2'
import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'

/** The version that the group follows outside of a refresh; the service stack's template says the same. */
export const latest = '$Latest'

export interface TemplateVersion {
  readonly version: string
  readonly imageId: string | undefined
}

/** The launch template of a group, or of a refresh's desired configuration; undefined when there is none. */
export function usedTemplate(
  of: Pick<AutoScalingGroup, 'LaunchTemplate' | 'MixedInstancesPolicy'>,
): LaunchTemplateSpecification | undefined {
  return of.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification ?? of.LaunchTemplate
}

/** The version is a number, `$Latest` or `$Default`. */
export function templateOf(scaling: AutoScalingGroup): { readonly id: string; readonly version: string } {
  const used = usedTemplate(scaling)
  if (used?.LaunchTemplateId !== undefined) return { id: used.LaunchTemplateId, version: used.Version ?? '$Default' }
  throw new OperatorError('refused', `the Auto Scaling group ${scaling.AutoScalingGroupName} has no launch template`, {
    hint: 'npm run roll replaces its instances without an instance refresh',
  })
}

/**
 * The group's launch template at another version, in the form that UpdateAutoScalingGroup and a refresh's desired
 * configuration accept. A mixed-instances group names its template inside its policy, which must be passed whole.
 */
export function atVersion(
  scaling: AutoScalingGroup,
  version: string,
): { LaunchTemplate: LaunchTemplateSpecification } | { MixedInstancesPolicy: MixedInstancesPolicy } {
  const specification = { LaunchTemplateId: templateOf(scaling).id, Version: version }
  const policy = scaling.MixedInstancesPolicy
  if (!policy) return { LaunchTemplate: specification }
  const Overrides = policy.LaunchTemplate?.Overrides?.map(({ LaunchTemplateSpecification: own, ...rest }) =>
    own === undefined ? rest : { ...rest, LaunchTemplateSpecification: withoutName(own) },
  )
  const LaunchTemplate = { LaunchTemplateSpecification: specification, ...(Overrides ? { Overrides } : {}) }
  return { MixedInstancesPolicy: { ...policy, LaunchTemplate } }
}

/** `version` may be `$Latest`; undefined when it no longer exists. */
export async function templateVersion(aws: Aws, id: string, version: string): Promise<TemplateVersion | undefined> {
  try {
    const answer = await aws.ec2.send(
      new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: id, Versions: [version] }),
    )
    const found = answer.LaunchTemplateVersions?.[0]
    if (found?.VersionNumber === undefined) return undefined
    return { version: String(found.VersionNumber), imageId: found.LaunchTemplateData?.ImageId }
  } catch (error) {
    if (isAwsError(error, 'InvalidLaunchTemplateId.VersionNotFound', 'InvalidLaunchTemplateId.NotFound'))
      return undefined
    throw error
  }
}

/** AWS returns both id and name; a request may contain only one. */
function withoutName({ LaunchTemplateName: _, ...rest }: LaunchTemplateSpecification): LaunchTemplateSpecification {
  return rest
}
