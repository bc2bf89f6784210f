import {
  type AutoScalingGroup,
  DescribeInstanceRefreshesCommand,
  type InstanceRefresh,
  RollbackInstanceRefreshCommand,
  StartInstanceRefreshCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import { paginateListStackResources } from '@aws-sdk/client-cloudformation'
import { OperatorError } from '../../../lib/errors.ts'
import type { Refresh, RefreshSpec, RefreshState } from '../../../lib/refresh/port.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import type { Names } from '../names.ts'
import { preferencesFor } from './refresh-preferences.ts'
import {
  atVersion,
  latest,
  type TemplateVersion,
  templateOf,
  templateVersion,
  usedTemplate,
} from './refresh-template.ts'
import { nameOf } from './scaling.ts'

export interface RefreshSurroundings {
  readonly aws: Aws
  readonly names: Names
  /** Reads the Auto Scaling group. */
  scaling(): Promise<AutoScalingGroup>
  /** Sets the service stack's image unless it is set already. Returns when the stack is updated. */
  setImage(imageId: string): Promise<void>
  /** Records, beforehand, that the group stops following this version of its launch template. */
  notePinned(version: string): Promise<void>
  /** Undoes `notePinned`, after the group follows that version again. */
  noteUnpinned(): Promise<void>
}

/**
 * EC2 Auto Scaling's Instance Refresh. Its auto rollback returns to the launch template version that the group names,
 * and works only when that is a number
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html). So the group, which normally
 * follows `$Latest`, is first pinned to the number of the serving version; only then does the stack create the version
 * with the new image.
 */
export function openRefresh(around: RefreshSurroundings): Refresh {
  const { aws, names, scaling, setImage, noteUnpinned } = around
  const images = new Map<string, string | undefined>()
  let known: { AutoScalingGroupName: string } | undefined
  const name = async () => {
    known ??= nameOf(await scaling())
    return known
  }

  return {
    async start(spec) {
      const group = await scaling()
      if (spec.from !== undefined) await pin(around, group, spec.from)
      await setImage(spec.imageId)
      const wanted = await existingVersion(aws, group)
      if (wanted.imageId !== spec.imageId) throw notInTemplate(spec, wanted)
      const alarms = spec.heedsAlarms ? await alarmsOf(aws, names.serviceStack) : []
      await aws.autoScaling.send(
        new StartInstanceRefreshCommand({
          ...nameOf(group),
          Strategy: 'Rolling',
          DesiredConfiguration: atVersion(group, wanted.version),
          Preferences: preferencesFor(spec.policy, { size: spec.size, alarms, goesBack: spec.from !== undefined }),
        }),
      )
    },

    async look() {
      const answer = await aws.autoScaling.send(
        new DescribeInstanceRefreshesCommand({ ...(await name()), MaxRecords: 1 }),
      )
      const newest = answer.InstanceRefreshes?.[0]
      if (!newest) return undefined
      const { id, version } = desiredTemplate(newest)
      const key = `${id} ${version}`
      if (id !== '' && !images.has(key)) images.set(key, (await templateVersion(aws, id, version))?.imageId)
      return stateOf(newest, images.get(key))
    },

    async rollBack() {
      try {
        await aws.autoScaling.send(new RollbackInstanceRefreshCommand(await name()))
        return 'rolling back'
      } catch (error) {
        if (isAwsError(error, 'ActiveInstanceRefreshNotFound')) return 'over'
        if (isAwsError(error, 'IrreversibleInstanceRefresh')) throw irreversible(error, await name())
        throw error
      }
    },

    async end(imageId) {
      await setImage(imageId)
      const group = await scaling()
      if (templateOf(group).version !== latest) await follow(aws, group, latest)
      await noteUnpinned()
    },
  }
}

/** Makes the group follow, by number, a launch template version whose image is `imageId`. */
async function pin(around: RefreshSurroundings, group: AutoScalingGroup, imageId: string): Promise<void> {
  const { aws, setImage, notePinned } = around
  const { id, version } = templateOf(group)
  let known = await templateVersion(aws, id, version)
  if (known?.imageId !== imageId) {
    await setImage(imageId)
    known = await existingVersion(aws, group)
  }
  if (known.version === version) return
  await notePinned(latest)
  await follow(aws, group, known.version)
}

async function follow(aws: Aws, group: AutoScalingGroup, version: string): Promise<void> {
  await aws.autoScaling.send(new UpdateAutoScalingGroupCommand({ ...nameOf(group), ...atVersion(group, version) }))
}

async function existingVersion(aws: Aws, group: AutoScalingGroup): Promise<TemplateVersion> {
  const { id } = templateOf(group)
  const found = await templateVersion(aws, id, latest)
  if (found) return found
  throw new OperatorError('failed', `the launch template ${id} is gone`, {
    hint: 'npm run status -- --platform aws --drift shows what else was changed',
  })
}

/** The alarms of the service stack. */
async function alarmsOf(aws: Aws, StackName: string): Promise<string[]> {
  const found: string[] = []
  for await (const { StackResourceSummaries = [] } of paginateListStackResources(
    { client: aws.cloudFormation },
    { StackName },
  )) {
    for (const { ResourceType, ResourceStatus, PhysicalResourceId = '' } of StackResourceSummaries) {
      if (ResourceType === 'AWS::CloudWatch::Alarm' && ResourceStatus !== 'DELETE_COMPLETE')
        found.push(PhysicalResourceId)
    }
  }
  return found
}

function desiredTemplate({ DesiredConfiguration: desired }: InstanceRefresh): { id: string; version: string } {
  const used = usedTemplate(desired ?? {})
  return { id: used?.LaunchTemplateId ?? '', version: used?.Version ?? '$Default' }
}

function stateOf(refresh: InstanceRefresh, imageId: string | undefined): RefreshState {
  const { CheckpointPercentages = [], CheckpointDelay = 3600 } = refresh.Preferences ?? {}
  const { Status: status = 'Pending', StatusReason: now, RollbackDetails } = refresh
  const why = RollbackDetails?.RollbackReason
  return {
    id: refresh.InstanceRefreshId ?? '',
    status,
    imageId,
    percentageComplete: refresh.PercentageComplete ?? 0,
    instancesToUpdate: refresh.InstancesToUpdate,
    reason: status.startsWith('Rollback') ? (why ?? now) : now,
    checkpoints: CheckpointPercentages,
    checkpointDelaySeconds: CheckpointDelay,
  }
}

function notInTemplate({ imageId }: RefreshSpec, { version, imageId: found }: TemplateVersion): OperatorError {
  return new OperatorError('failed', `version ${version} of the launch template launches ${found}, not ${imageId}`, {
    hint: 'somebody else created a version; npm run status -- --platform aws --drift shows it',
  })
}

function irreversible(cause: unknown, { AutoScalingGroupName: name }: { AutoScalingGroupName: string }): OperatorError {
  return new OperatorError('failed', `the instance refresh of ${name} cannot be rolled back`, {
    hint: `aws autoscaling cancel-instance-refresh --auto-scaling-group-name ${name}; then npm run roll -- --engine refresh`,
    cause,
  })
}
