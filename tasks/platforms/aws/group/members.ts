import type { AutoScalingGroup, Instance as Member } from '@aws-sdk/client-auto-scaling'
import type { Instance as Machine } from '@aws-sdk/client-ec2'
import type { TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Instance, TargetHealth } from '../../../lib/platform.ts'

/** Context needed to describe the members of a group. */
export interface View {
  readonly machines: ReadonlyMap<string, Machine>
  readonly health: ReadonlyMap<string, TargetHealthDescription>
  /** Releases by image id. */
  readonly releases: ReadonlyMap<string, string>
  readonly wantedImageId: string
}

/**
 * Why a member does not count as capacity; undefined when it does. The values of `LifecycleState` are AWS's
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html).
 */
export function whyAside(member: Member): string | undefined {
  const phase = phaseOf(member)
  if (phase.startsWith('Warmed')) return 'in the warm pool'
  if (/^(EnteringStandby|Standby)$/.test(phase)) return 'in standby'
  if (/^Detach/.test(phase)) return 'being detached'
  if (phase === 'Terminating:Retained') return "kept after termination by the group's lifecycle policy"
  return undefined
}

/** Terminated, but still listed by Auto Scaling. */
export function isGone(member: Member): boolean {
  return /^(Warmed:)?Terminated$/.test(phaseOf(member))
}

/** Whether a member counts as capacity and is not being terminated. */
export function isCounted(member: Member): boolean {
  return whyAside(member) === undefined && !phaseOf(member).startsWith('Terminat')
}

/** The ids of members that count as capacity and are not being terminated. */
export function memberIds({ Instances = [] }: AutoScalingGroup): string[] {
  return Instances.filter(isCounted).map(({ InstanceId = '' }) => InstanceId)
}

export function instanceOf(member: Member, view: View): Instance {
  const id = member.InstanceId ?? ''
  const machine = view.machines.get(id)
  const host = machine?.PrivateIpAddress ?? '0.0.0.0'
  const imageId = imageOf(member, machine, view)
  const state = stateOf(member, machine)
  return {
    id,
    imageId,
    release: view.releases.get(imageId) ?? 'unknown',
    state,
    health: state === 'stopped' ? 'unhealthy' : healthOf(member, view.health.get(id)),
    url: `http://${host}`,
    startedAt: (machine?.LaunchTime ?? new Date(isBeginning(member) ? Date.now() : 0)).toISOString(),
    ...(member.AvailabilityZone === undefined ? {} : { zone: member.AvailabilityZone }),
    ssh: { host, port: 22, user: 'admin' },
  }
}

/** EC2 lists a new machine a moment after Auto Scaling does; until then the wanted image is assumed. */
function imageOf(member: Member, machine: Machine | undefined, { wantedImageId }: View): string {
  return member.ImageId ?? machine?.ImageId ?? (isBeginning(member) ? wantedImageId : '')
}

function stateOf(member: Member, machine: Machine | undefined): Instance['state'] {
  if (phaseOf(member).startsWith('Terminating')) return 'running'
  // EC2 drops a machine an hour after its end, while Auto Scaling still lists it as unhealthy.
  const isForgotten = machine === undefined && member.HealthStatus === 'Unhealthy' && !isBeginning(member)
  const name = isForgotten ? 'terminated' : (machine?.State?.Name ?? 'pending')
  if (/^(shutting-down|terminated|stopping|stopped)$/.test(name)) return 'stopped'
  return isBeginning(member) || name === 'pending' ? 'pending' : 'running'
}

function healthOf(member: Member, target: TargetHealthDescription | undefined): TargetHealth {
  if (phaseOf(member).startsWith('Terminating')) return 'draining'
  const state = target?.TargetHealth?.State
  if (state === undefined || state === 'unused') return isBeginning(member) ? 'initial' : 'unused'
  if (state === 'healthy' || state === 'initial') return state
  return state === 'draining' || state === 'unhealthy.draining' ? 'draining' : 'unhealthy'
}

/** Launched but not yet in service, hooks included. */
function isBeginning(member: Member): boolean {
  return phaseOf(member).startsWith('Pending')
}

function phaseOf({ LifecycleState }: Member): string {
  return LifecycleState ?? ''
}
