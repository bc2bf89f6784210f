import {
  AttachLoadBalancerTargetGroupsCommand,
  type AutoScalingGroup,
  SetInstanceHealthCommand,
} from '@aws-sdk/client-auto-scaling'
import { DeregisterTargetsCommand, RegisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import { deletedBehindBack } from './broken-group.ts'
import type { Observed } from './observation.ts'
import { nameOf } from './scaling.ts'

/** Deregisters an instance, whose open requests may finish. An instance that is not registered is no error. */
export async function deregister(aws: Aws, TargetGroupArn: string, id: string): Promise<void> {
  try {
    await aws.elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: id }] }))
  } catch (error) {
    if (!isAwsError(error, 'InvalidTarget', 'InvalidTargetException')) throw error
  }
}

/**
 * Restores what was removed from the load balancer by hand or by an unfinished drain; returns what it did, in words.
 * Throws `failed` when the load balancer itself is gone, because CloudFormation does not recreate it.
 */
export async function mendTargetGroup(aws: Aws, seen: Observed): Promise<string[]> {
  if (seen.group.loadBalancer === 'stopped') throw deletedBehindBack('load balancer', seen.group.name)
  return [...(await attach(aws, seen)), ...(await registerMissing(aws, seen))]
}

/** A detached target group gets no instances from the Auto Scaling group. */
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

/** An unfinished drain is undone, because the next decision may differ. */
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
  // Auto Scaling keeps deregistered instances as unhealthy, and would replace them once its processes resume.
  for (const { id } of lost) {
    await aws.autoScaling.send(new SetInstanceHealthCommand({ InstanceId: id, HealthStatus: 'Healthy' }))
  }
  return lost.map(({ id }) => `registered ${id} at the load balancer again`)
}
