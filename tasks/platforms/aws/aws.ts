import {
  AttachLoadBalancerTargetGroupsCommand,
  type AutoScalingGroup,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import { DeregisterTargetsCommand, RegisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import { OperatorError } from '../../lib/errors.ts'
import type { Progress } from '../../lib/progress.ts'
import type { Infrastructure } from '../infrastructure.ts'
import type { GroupChange, Platform, RollRecord } from '../platform.ts'
import { listAmis, removeAmi } from './ami-images.ts'
import type { Aws } from './clients.ts'
import { isAwsError } from './failures.ts'
import { type LaunchTimes, launchMembers, memberIds } from './launch.ts'
import { leftovers } from './leftovers.ts'
import { type GroupLock, lockOwnerOf, takeLock } from './lock.ts'
import { namesOf } from './names.ts'
import { type Observed, observe, scalingGroup, wantedImageId } from './observation.ts'
import type { Reach } from './reach.ts'
import { createRecord, type GroupRecord, readRecord, writeRecord } from './record.ts'
import { openRefresh } from './refresh.ts'
import { endStray, removeEverything } from './removal.ts'
import { allowLess, makeRoom, nameOf, putBack, type ScalingState, suspendInterference } from './scaling.ts'
import { describeStack, updateParameters } from './stacks.ts'

/** What the aws platform is opened with. */
export interface AwsPlatformSettings {
  readonly aws: Aws
  readonly group: string
  /** Where the service is asked, when not at the load balancer's own name. */
  readonly url: string | undefined
  readonly reach: Reach
  readonly infrastructure: Infrastructure
  readonly launch: LaunchTimes
  readonly progress: Progress
}

/**
 * The platform of EC2 Auto Scaling, Elastic Load Balancing and CloudFormation. What it changes for the time of a verb only
 * (suspended processes, limits of the size) is written down first and put back when the lock is released, or, after a crash,
 * by the next verb that changes the group.
 */
export function openAwsPlatform(settings: AwsPlatformSettings): Platform {
  const { aws, reach } = settings
  const names = namesOf(settings.group)
  const releases = new Map<string, string>()
  let lock: GroupLock | undefined
  let lastChange: Promise<unknown> = Promise.resolve()

  const look = () => observe(aws, names, { url: settings.url, releases })
  const need = async (): Promise<Observed> => {
    const seen = await look()
    if (seen) return seen
    throw new OperatorError('usage', `there is no group ${settings.group}`, {
      hint: 'npm run deploy -- --platform aws',
    })
  }
  const state = async (): Promise<ScalingState & { targetGroup: string }> => {
    const [stack, record = {}] = await Promise.all([describeStack(aws, names.serviceStack), readRecord(aws, names)])
    const scaling = await scalingGroup(aws, stack?.outputs['AutoScalingGroupName'])
    if (!stack || !scaling) return { ...(await need()), targetGroup: '' }
    return { record, scaling, targetGroup: stack.outputs['TargetGroupArn'] ?? '' }
  }
  /** One change after the other: each reads the record, changes it and writes it. */
  const change = <T>(work: () => Promise<T>): Promise<T> => {
    const next = lastChange.then(() => {
      lock?.assertHeld()
      return work()
    })
    lastChange = next.catch(() => undefined)
    return next
  }
  /** Nothing of Auto Scaling interferes for as long as the lock is held. */
  const holdStill = (now: ScalingState) => (lock ? suspendInterference(aws, names, now) : Promise.resolve(now.record))
  const setImage = async (stack: Observed['stack'], imageId: string): Promise<void> => {
    if (stack.parameters['ImageId'] !== imageId) await updateParameters(aws, names.serviceStack, { ImageId: imageId })
  }

  return {
    name: 'aws',
    endsInstancesWithGroup: true,

    images: () => listAmis(aws),
    removeImage: (id) => removeAmi(aws, id),

    group: async () => (await look())?.group,

    async createGroup(imageId, size) {
      if ((await describeStack(aws, names.serviceStack))?.outputs['AutoScalingGroupName'] === undefined) {
        const plan = await settings.infrastructure.plan({ imageId, size })
        await plan.apply({ progress: settings.progress })
      }
      await createRecord(aws, names, { size })
    },

    updateGroup: (wish) =>
      change(async () => {
        const { stack, record, scaling } = await need()
        await writeRecord(aws, names, changed(record, wish, scaling.DesiredCapacity ?? 0))
        await setSizeLimits(aws, names.serviceStack, stack.parameters, wish.size)
        if (wish.imageId !== undefined) await setImage(stack, wish.imageId)
      }),

    repairLoadBalancer: () =>
      change(async () => {
        const seen = await need()
        if (seen.group.loadBalancer === 'stopped') throw lostLoadBalancer(settings.group)
        const { done } = await putBack(aws, names, seen)
        return [...done, ...(await attach(aws, seen)), ...(await registerMissing(aws, seen))]
      }),

    removeGroup: () =>
      change(async () => {
        await removeEverything(aws, names, settings.progress)
        await reach.forget()
      }),
    leftovers: () => leftovers(aws, names),

    launch: (count) =>
      change(async () => {
        const { stack, record, scaling } = await need()
        await setImage(stack, wantedImageId(stack, record))
        const suspended = await holdStill({ record, scaling })
        await makeRoom(aws, names, { record: suspended, scaling }, memberIds(scaling).length + count)
        return launchMembers(aws, scaling, count, settings.launch)
      }),

    drain: (id) =>
      change(async () => {
        const { targetGroup, ...now } = await state()
        await holdStill(now)
        await deregister(aws, targetGroup, id)
      }),

    terminate: (id) =>
      change(async () => {
        const now = await state()
        if (!memberIds(now.scaling).includes(id)) return endStray(aws, names, id)
        const record = await holdStill(now)
        await allowLess(aws, names, { ...now, record }, (now.scaling.DesiredCapacity ?? 1) - 1)
        await aws.autoScaling.send(
          new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: id, ShouldDecrementDesiredCapacity: true }),
        )
      }),

    refresh: openRefresh({
      ...{ aws, names },
      scaling: async () => (await state()).scaling,
      setImage: (imageId) => change(async () => setImage((await need()).stack, imageId)),
      notePinned: (launchTemplateVersion) =>
        change(async () => {
          const { record } = await state()
          await writeRecord(aws, names, { ...record, undo: { ...record.undo, launchTemplateVersion } })
        }),
      noteUnpinned: () =>
        change(async () => {
          const { undo: { launchTemplateVersion: _, ...undo } = {}, ...record } = (await state()).record
          await writeRecord(aws, names, Object.keys(undo).length > 0 ? { ...record, undo } : record)
        }),
    }),

    consoleOutput: (id) => reach.consoleOutput(id),
    sshArguments: async (id) => {
      const instance = (await need()).group.instances.find((one) => one.id === id)
      if (instance) return reach.sshArguments(instance)
      throw new OperatorError('usage', `there is no instance ${id} in group ${settings.group}`, {
        hint: 'npm run status -- --platform aws',
      })
    },

    async lock(verb) {
      const taken = await takeLock(aws, names, verb)
      lock = taken
      return {
        ...(taken.takenOver ? { takenOver: taken.takenOver } : {}),
        release: async () => {
          if (lock !== taken) return taken.release()
          try {
            await lastChange
            await settle(aws, names)
          } finally {
            lock = undefined
            await taken.release()
          }
        },
      }
    },
    lockOwner: () => lockOwnerOf(aws, names),
  }
}

/** The record after a change; a size counts until the group has it, a roll keeps the size that the group had before. */
function changed(record: GroupRecord, { roll, imageId: _, ...rest }: GroupChange, desired: number): GroupRecord {
  const { roll: before, ...kept } = { ...record, ...rest }
  const next: RollRecord | undefined = roll === null ? undefined : (roll ?? before)
  return next ? { ...kept, size: kept.size ?? desired, roll: next } : kept
}

/** Puts back what the verb had changed for its own time, and forgets the wished size when the group has it. */
async function settle(aws: Aws, names: ReturnType<typeof namesOf>): Promise<void> {
  const [stack, record] = await Promise.all([describeStack(aws, names.serviceStack), readRecord(aws, names)])
  const scaling = await scalingGroup(aws, stack?.outputs['AutoScalingGroupName'])
  if (!record || !scaling) return
  const { record: after } = await putBack(aws, names, { record, scaling })
  if (after.roll !== undefined || after.size === undefined || after.size !== scaling.DesiredCapacity) return
  const { size: _, ...settled } = after
  await writeRecord(aws, names, settled)
}

/** A wished size outside the limits of the stack changes the limits for good; within them, scaling may do what it likes. */
async function setSizeLimits(
  aws: Aws,
  stackName: string,
  parameters: Readonly<Record<string, string>>,
  size: number | undefined,
): Promise<void> {
  if (size === undefined) return
  const MaxSize = Number(parameters['MaxSize']) < size ? { MaxSize: String(size) } : {}
  const MinSize = Number(parameters['MinSize']) > size ? { MinSize: String(size) } : {}
  const wanted = { ...MaxSize, ...MinSize }
  if (Object.keys(wanted).length > 0) await updateParameters(aws, stackName, wanted)
}

/** An instance that is not registered, any more or yet, is no error. */
async function deregister(aws: Aws, TargetGroupArn: string, id: string): Promise<void> {
  try {
    await aws.elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: id }] }))
  } catch (error) {
    if (!isAwsError(error, 'InvalidTarget', 'InvalidTargetException')) throw error
  }
}

/** An Auto Scaling group that was detached from its target group gives it no instances. */
async function attach(aws: Aws, { scaling, stack }: Observed): Promise<string[]> {
  const arn = stack.outputs['TargetGroupArn'] ?? ''
  const sources = [...(scaling.TargetGroupARNs ?? []), ...trafficSources(scaling)]
  if (sources.includes(arn)) return []
  await aws.autoScaling.send(new AttachLoadBalancerTargetGroupsCommand({ ...nameOf(scaling), TargetGroupARNs: [arn] }))
  return ['attached the group to its load balancer again']
}

function trafficSources({ TrafficSources = [] }: AutoScalingGroup): string[] {
  return TrafficSources.map(({ Identifier = '' }) => Identifier)
}

/** A drain that nobody finished: the next decision may be another one. */
async function registerMissing(aws: Aws, { group, stack, scaling }: Observed): Promise<string[]> {
  const inService = new Set(
    (scaling.Instances ?? []).filter((one) => one.LifecycleState === 'InService').map(({ InstanceId }) => InstanceId),
  )
  const lost = group.instances.filter(
    ({ id, state, health }) =>
      state === 'running' && inService.has(id) && (health === 'unused' || health === 'draining'),
  )
  if (lost.length === 0) return []
  const Targets = lost.map(({ id }) => ({ Id: id }))
  await aws.elb.send(new RegisterTargetsCommand({ TargetGroupArn: stack.outputs['TargetGroupArn'] ?? '', Targets }))
  return lost.map(({ id }) => `registered ${id} at the load balancer again`)
}

function lostLoadBalancer(group: string): OperatorError {
  return new OperatorError('failed', `the load balancer of group ${group} was deleted behind CloudFormation's back`, {
    hint: 'npm run status -- --platform aws --drift shows what else; npm run destroy and npm run deploy make the group anew',
  })
}
