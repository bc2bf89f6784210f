import { OperatorError } from '../../lib/errors.ts'
import type { Infrastructure } from '../../lib/infrastructure.ts'
import type { Platform } from '../../lib/platform.ts'
import type { Progress } from '../../lib/progress.ts'
import type { InstanceAccess } from './access/access.ts'
import { listAmis, removeAmi } from './bake/ami-images.ts'
import type { Aws } from './clients.ts'
import { describeStack, updateParameters } from './cloudformation/stacks.ts'
import { deletedBehindBack } from './group/broken-group.ts'
import { deleteGroup, terminateMember, terminateOrphan } from './group/delete-group.ts'
import { changeGroup, hasParameters, settle } from './group/group-change.ts'
import { capacityFor, type LaunchTimes, launchMembers } from './group/launch.ts'
import { type GroupLock, lockOwnerOf, takeLock } from './group/lock.ts'
import { isCounted } from './group/members.ts'
import { type Observed, observe, scalingGroup } from './group/observation.ts'
import { createRecord, pinned, readRecord, unpinned, wantedImageId, writeRecord } from './group/record.ts'
import { openRefresh } from './group/refresh.ts'
import { lowerMinSize, raiseMaxSize, restoreLimits, type ScalingState, suspendProcesses } from './group/scaling.ts'
import { deregister, mendTargetGroup } from './group/target-group.ts'
import { leftovers } from './infrastructure/leftovers.ts'
import { namesOf } from './names.ts'

export interface AwsPlatformSettings {
  readonly aws: Aws
  readonly group: string
  /** Region, for messages; absent when none is configured. */
  readonly region?: string | undefined
  /** The service's URL, when not the load balancer's own name. */
  readonly url: string | undefined
  readonly access: InstanceAccess
  readonly infrastructure: Infrastructure
  readonly launch: LaunchTimes
  readonly copyRegions?: readonly string[]
  readonly progress: Progress
  /** The operator's request to stop. Ends the waiting; AWS finishes what it was asked to do. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The platform of EC2 Auto Scaling, Elastic Load Balancing and CloudFormation. Temporary changes (suspended processes,
 * size limits) are recorded first and undone when the lock is released or, after a crash, by the next verb that changes
 * the group.
 */
export function openAwsPlatform(settings: AwsPlatformSettings): Platform {
  const { aws, access, signal } = settings
  const names = namesOf(settings.group)
  const releases = new Map<string, string>()
  let lock: GroupLock | undefined
  /** Whether the recorded temporary changes are those of this lock's holder, not of a crashed run. */
  let hasInterfered = false
  let lastChange: Promise<unknown> = Promise.resolve()

  const place = settings.region === undefined ? undefined : `in ${settings.region}`
  const look = () => observe(aws, names, { url: settings.url, releases, isAtRest: lock === undefined })
  const need = async (): Promise<Observed> => {
    const seen = await look()
    if (seen) return seen
    throw new OperatorError('usage', `there is no group ${[settings.group, place].filter(Boolean).join(' ')}`, {
      hint: 'npm run deploy -- --platform aws',
    })
  }
  const state = async (): Promise<ScalingState & { targetGroup: string }> => {
    const [stack, record = {}] = await Promise.all([describeStack(aws, names.serviceStack), readRecord(aws, names)])
    const scaling = await scalingGroup(aws, stack?.outputs['AutoScalingGroupName'])
    if (!stack || !scaling) return { ...(await need()), targetGroup: '' }
    return { record, scaling, targetGroup: stack.outputs['TargetGroupArn'] ?? '' }
  }
  /** Changes run one after another: each reads the record, changes it and writes it. */
  const change = <T>(work: () => Promise<T>): Promise<T> => {
    const next = lastChange.then(() => {
      lock?.assertHeld()
      return work()
    })
    lastChange = next.catch(() => undefined)
    return next
  }
  /** Suspends Auto Scaling's own processes while the lock is held. */
  const holdingStill = async (now: ScalingState): Promise<ScalingState> => {
    if (!lock) return now
    hasInterfered = true
    return { scaling: now.scaling, record: await suspendProcesses(aws, names, now) }
  }

  return {
    name: 'aws',
    ...(place === undefined ? {} : { place }),
    endsInstancesWithGroup: true,

    images: () => listAmis(aws),
    removeImage: (id) => removeAmi(aws, id, settings.copyRegions),

    group: async () => (await look())?.group,

    async createGroup(imageId, size) {
      if ((await describeStack(aws, names.serviceStack))?.outputs['AutoScalingGroupName'] === undefined) {
        const plan = await settings.infrastructure.plan({ imageId, size })
        await plan.apply({ progress: settings.progress })
      }
      const stack = await describeStack(aws, names.serviceStack)
      const scaling = await scalingGroup(aws, stack?.outputs['AutoScalingGroupName'])
      if (!scaling) throw deletedBehindBack('Auto Scaling group', settings.group)
      await createRecord(aws, names, { size })
    },

    updateGroup: (wanted) => change(async () => changeGroup(aws, names, await need(), wanted, { signal })),

    repairLoadBalancer: () =>
      change(async () => {
        const seen = await need()
        const mended = await mendTargetGroup(aws, seen)
        return hasInterfered ? mended : [...(await restoreLimits(aws, names, seen)).done, ...mended]
      }),

    removeGroup: () =>
      change(async () => {
        await deleteGroup(aws, names, settings.progress)
        await access.forget()
      }),
    leftovers: () => leftovers(aws, names),

    launch: (count) =>
      change(async () => {
        const { stack, record, scaling } = await need()
        const wanted = { ImageId: wantedImageId(stack, record) }
        if (!hasParameters(stack, wanted)) await updateParameters(aws, stack.name, wanted, { signal })
        const now = await holdingStill({ record, scaling })
        await raiseMaxSize(aws, names, now, capacityFor(scaling, count))
        return launchMembers(aws, scaling, count, { signal, ...settings.launch })
      }),

    drain: (id) =>
      change(async () => {
        const { targetGroup, ...now } = await state()
        await holdingStill(now)
        await deregister(aws, targetGroup, id)
      }),

    terminate: (id) =>
      change(async () => {
        const { record, scaling } = await state()
        const member = scaling.Instances?.find(({ InstanceId }) => InstanceId === id)
        if (!member) return terminateOrphan(aws, names, id)
        // Auto Scaling is already terminating it, hooks included, or it does not count towards the capacity and is left
        // alone.
        if (!isCounted(member)) return
        const now = await holdingStill({ record, scaling })
        await lowerMinSize(aws, names, now, (scaling.DesiredCapacity ?? 1) - 1)
        await terminateMember(aws, names, id)
      }),

    refresh: openRefresh({
      aws,
      names,
      scaling: async () => (await state()).scaling,
      setImage: (ImageId) =>
        change(async () => {
          const { stack } = await need()
          if (!hasParameters(stack, { ImageId })) await updateParameters(aws, stack.name, { ImageId }, { signal })
        }),
      notePinned: (version) => change(async () => writeRecord(aws, names, pinned((await state()).record, version))),
      noteUnpinned: () => change(async () => writeRecord(aws, names, unpinned((await state()).record))),
    }),

    consoleOutput: (id) => access.consoleOutput(id),
    sshArguments: async (id) => {
      const instance = (await need()).group.instances.find((one) => one.id === id)
      if (instance) return access.sshArguments(instance)
      throw new OperatorError('usage', `there is no instance ${id} in group ${settings.group}`, {
        hint: 'npm run status -- --platform aws',
      })
    },

    async lock(verb) {
      const taken = await takeLock(aws, names, verb)
      lock = taken
      hasInterfered = false
      return {
        ...(taken.takenOver ? { takenOver: taken.takenOver } : {}),
        release: async () => {
          if (lock !== taken) return taken.release()
          try {
            await lastChange
            if (isHeld(taken)) await settle(aws, names)
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

/** After a takeover the group belongs to the new holder, so nothing is undone under it. */
function isHeld(lock: GroupLock): boolean {
  try {
    lock.assertHeld()
    return true
  } catch {
    return false
  }
}
