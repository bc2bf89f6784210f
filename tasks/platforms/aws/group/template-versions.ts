import { type AutoScalingGroup, DescribeInstanceRefreshesCommand } from '@aws-sdk/client-auto-scaling'
import {
  DeleteLaunchTemplateVersionsCommand,
  type LaunchTemplateVersion,
  paginateDescribeLaunchTemplateVersions,
} from '@aws-sdk/client-ec2'
import { OperatorError } from '../../../lib/errors.ts'
import type { Superseded } from '../../../lib/platform.ts'
import type { Aws } from '../clients.ts'
import { describeStack } from '../cloudformation/stacks.ts'
import type { Names } from '../names.ts'
import { scalingGroup } from './observation.ts'
import { readRecord, wantedImageId } from './record.ts'
import { usedTemplate } from './refresh-template.ts'
import { nameOf } from './scaling.ts'

/** The newest versions always stay. */
const keptNewest = 10
/** Limit of one call: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplateVersions.html. */
const deletedAtOnce = 200

export interface TemplateUse {
  /** Versions in use: a number, `$Latest` or `$Default`. */
  readonly named: readonly string[]
  /** Images that a roll or rollback may need; the newest version of each stays. */
  readonly imageIds: readonly string[]
}

/**
 * The versions that can go, oldest first: every roll creates one. The newest ten stay, as do the default, which AWS
 * keeps, those in use, and the newest of each image that may be needed.
 */
export function versionsToDelete(
  versions: readonly LaunchTemplateVersion[],
  { named, imageIds }: TemplateUse,
): string[] {
  const newestFirst = versions.toSorted((a, b) => (b.VersionNumber ?? 0) - (a.VersionNumber ?? 0))
  const kept = new Set(newestFirst.slice(0, keptNewest))
  for (const imageId of imageIds) {
    const newest = newestFirst.find(({ LaunchTemplateData }) => LaunchTemplateData?.ImageId === imageId)
    if (newest) kept.add(newest)
  }
  return newestFirst
    .filter((one) => !kept.has(one) && !one.DefaultVersion && !named.includes(String(one.VersionNumber)))
    .map(({ VersionNumber }) => String(VersionNumber))
    .reverse()
}

/** Unneeded versions of the group's launch template; empty when the template is not its stack's own. */
export async function supersededVersions(aws: Aws, names: Names): Promise<Superseded[]> {
  const [stack, record = {}] = await Promise.all([describeStack(aws, names.serviceStack), readRecord(aws, names)])
  const LaunchTemplateId = stack?.outputs['LaunchTemplateId']
  const scaling = await scalingGroup(aws, stack?.outputs['AutoScalingGroupName'])
  if (!stack || !scaling || usedTemplate(scaling)?.LaunchTemplateId !== LaunchTemplateId) return []
  const versions = await versionsOf(aws, LaunchTemplateId)
  if (versions.length <= keptNewest) return []
  const { roll, previousImageId, undo } = record
  const going = versionsToDelete(versions, {
    named: [...namedBy(scaling), ...(await namedByRefresh(aws, scaling)), undo?.launchTemplateVersion].filter(isKnown),
    imageIds: [wantedImageId(stack, record), previousImageId, roll?.imageId, roll?.previousImageId].filter(isKnown),
  })
  if (going.length === 0) return []
  const what = `${inWords(going)} of the launch template of ${names.group}`
  return [{ what, remove: () => deleteVersions(aws, LaunchTemplateId, going) }]
}

async function versionsOf(aws: Aws, LaunchTemplateId: string | undefined): Promise<LaunchTemplateVersion[]> {
  const pages = paginateDescribeLaunchTemplateVersions({ client: aws.ec2 }, { LaunchTemplateId })
  return (await Array.fromAsync(pages)).flatMap(({ LaunchTemplateVersions = [] }) => LaunchTemplateVersions)
}

function namedBy(scaling: AutoScalingGroup): string[] {
  const members = scaling.Instances?.map(({ LaunchTemplate }) => LaunchTemplate?.Version) ?? []
  const overrides = scaling.MixedInstancesPolicy?.LaunchTemplate?.Overrides ?? []
  const own = overrides.map(({ LaunchTemplateSpecification }) => LaunchTemplateSpecification?.Version)
  return [usedTemplate(scaling)?.Version, ...members, ...own].filter(isKnown)
}

/** The newest refresh may be running; its rollback returns to the version that the group names. */
async function namedByRefresh(aws: Aws, scaling: AutoScalingGroup): Promise<string[]> {
  const asked = new DescribeInstanceRefreshesCommand({ ...nameOf(scaling), MaxRecords: 1 })
  const { InstanceRefreshes: found = [] } = await aws.autoScaling.send(asked)
  return found.map(({ DesiredConfiguration: desired = {} }) => usedTemplate(desired)?.Version).filter(isKnown)
}

async function deleteVersions(aws: Aws, LaunchTemplateId: string | undefined, all: readonly string[]): Promise<void> {
  for (let at = 0; at < all.length; at += deletedAtOnce) {
    const Versions = all.slice(at, at + deletedAtOnce)
    const { UnsuccessfullyDeletedLaunchTemplateVersions: refused = [] } = await aws.ec2.send(
      new DeleteLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions }),
    )
    const kept = refused.filter(({ ResponseError }) => ResponseError?.Code !== 'launchTemplateVersionDoesNotExist')
    const [first] = kept
    if (!first) continue
    const numbers = inWords(kept.map(({ VersionNumber }) => String(VersionNumber)))
    const why = first.ResponseError?.Message ?? first.ResponseError?.Code
    throw new OperatorError(
      'failed',
      `${numbers} of the launch template ${LaunchTemplateId} could not be deleted: ${why}`,
      {
        hint: 'npm run images -- --retire again',
      },
    )
  }
}

/** `versions 2-4, 6`. */
function inWords(numbers: readonly string[]): string {
  const runs: [first: number, last: number][] = []
  for (const number of numbers.map(Number)) {
    const run = runs.at(-1)
    if (run?.[1] === number - 1) run[1] = number
    else runs.push([number, number])
  }
  const words = runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
  return `${numbers.length === 1 ? 'version' : 'versions'} ${words.join(', ')}`
}

function isKnown(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}
