import type { AutoScalingGroup, LaunchTemplateSpecification, MixedInstancesPolicy } from '@aws-sdk/client-auto-scaling'
import { DescribeLaunchTemplateVersionsCommand } from '@aws-sdk/client-ec2'
import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'

/** What the group is told to follow outside of a refresh; the template of the service stack says the same. */
export const latest = '$Latest'

/** One version of a launch template. */
export interface TemplateVersion {
  /** A number, as text. */
  readonly version: string
  readonly imageId: string | undefined
}

/** The launch template that a group, or what a refresh is to make of it, names; undefined when none. */
export function usedTemplate(
  of: Pick<AutoScalingGroup, 'LaunchTemplate' | 'MixedInstancesPolicy'>,
): LaunchTemplateSpecification | undefined {
  return of.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification ?? of.LaunchTemplate
}

/** Which launch template a group uses, and which version of it: a number, `$Latest` or `$Default`. */
export function templateOf(scaling: AutoScalingGroup): { readonly id: string; readonly version: string } {
  const used = usedTemplate(scaling)
  if (used?.LaunchTemplateId !== undefined) return { id: used.LaunchTemplateId, version: used.Version ?? '$Default' }
  throw new OperatorError('refused', `the Auto Scaling group ${scaling.AutoScalingGroupName} has no launch template`, {
    hint: 'npm run roll replaces its instances without an instance refresh',
  })
}

/**
 * The group's launch template at another version, as UpdateAutoScalingGroup and the desired configuration of a refresh both take
 * it: a group of mixed instances names its template inside of its policy and must be given the whole of it.
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

/** A version of a launch template, `$Latest` among them; `undefined` when there is no such version any more. */
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

/** AWS names a template by id and name; a request may hold only one of them. */
function withoutName({ LaunchTemplateName: _, ...rest }: LaunchTemplateSpecification): LaunchTemplateSpecification {
  return rest
}
