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

/** Takes an instance out of the load balancer, which lets it finish; one that is not registered, any more or yet, is no error. */
export async function deregister(aws: Aws, TargetGroupArn: string, id: string): Promise<void> {
  try {
    await aws.elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: id }] }))
  } catch (error) {
    if (!isAwsError(error, 'InvalidTarget', 'InvalidTargetException')) throw error
  }
}

/**
 * Puts right what was taken from the load balancer by hand or by a drain that nobody finished; gives what was done, in words.
 * Throws `failed` when the load balancer itself is gone: CloudFormation makes none anew.
 */
export async function mendTargetGroup(aws: Aws, seen: Observed): Promise<string[]> {
  if (seen.group.loadBalancer === 'stopped') throw deletedBehindBack('load balancer', seen.group.name)
  return [...(await attach(aws, seen)), ...(await registerMissing(aws, seen))]
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
  // Auto Scaling calls what was out of the load balancer unhealthy for ever, and would replace it as soon as it may again.
  for (const { id } of lost) {
    await aws.autoScaling.send(new SetInstanceHealthCommand({ InstanceId: id, HealthStatus: 'Healthy' }))
  }
  return lost.map(({ id }) => `registered ${id} at the load balancer again`)
}
