import { DescribeScalingActivitiesCommand } from '@aws-sdk/client-auto-scaling'
import { DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation'
import { GetConsoleOutputCommand } from '@aws-sdk/client-ec2'
import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Aws } from '../clients.ts'
import { launchFailure } from '../failures/launch-hints.ts'
import { newestOperation } from './events.ts'
import { isVague, type RootCause, rootCause } from './failure.ts'

const consoleLines = 12

/**
 * Details behind a vague cause: failed scaling activities, reasons of unhealthy targets, the end of one instance's
 * console. Call it while the rollback is still running: later there is nothing left to read. What cannot be read is
 * left out.
 */
export async function failureDetails(aws: Aws, stack: string, cause: RootCause): Promise<string[]> {
  if (cause.type === 'AWS::CloudFormation::Stack') return causeInside(aws, cause).catch(() => [])
  if (!isVague(cause)) return []
  try {
    const { StackResources = [] } = await aws.cloudFormation.send(
      new DescribeStackResourcesCommand({ StackName: stack }),
    )
    const idsOf = (type: string) =>
      StackResources.filter(({ ResourceType }) => ResourceType === type).flatMap(
        ({ PhysicalResourceId: id }) => id ?? [],
      )
    const [activities, targets] = await Promise.all([
      Promise.all(idsOf('AWS::AutoScaling::AutoScalingGroup').map((name) => failedActivities(aws, name))),
      Promise.all(idsOf('AWS::ElasticLoadBalancingV2::TargetGroup').map((arn) => unhealthyTargets(aws, arn))),
    ])
    const lines = [...activities.flat(), ...targets.flat()]
    const [instance] = /\bi-[0-9a-f]{8,17}\b/.exec([...targets.flat(), ...activities.flat()].join('\n')) ?? []
    return [...lines, ...(instance === undefined ? [] : await endOfConsole(aws, instance))]
  } catch {
    return []
  }
}

async function causeInside(aws: Aws, { physicalId }: RootCause): Promise<string[]> {
  const cause = rootCause(await newestOperation(aws, physicalId))
  if (!cause) return []
  return [
    `in it: ${cause.logicalId} (${cause.type}): ${cause.reason}`,
    ...(await failureDetails(aws, physicalId, cause)),
  ]
}

async function failedActivities(aws: Aws, AutoScalingGroupName: string): Promise<string[]> {
  const command = new DescribeScalingActivitiesCommand({ AutoScalingGroupName, MaxRecords: 50 })
  const { Activities = [] } = await aws.autoScaling.send(command).catch(() => ({ Activities: [] }))
  const failed = Activities.filter(({ StatusCode }) => StatusCode === 'Failed' || StatusCode === 'Cancelled')
  const ended = Activities.filter(({ Cause = '' }) => /health check|unhealthy/i.test(Cause))
  const lines = [
    ...failed.map(({ StatusMessage, Description = '' }) => {
      const { reason, hint } = launchFailure(StatusMessage || Description)
      return `scaling: ${reason}${hint === undefined ? '' : `\n  ${hint}`}`
    }),
    ...ended.map(({ Description, Cause = '' }) => `scaling: ${Description}: ${Cause.replace(/^At \S+ /, '')}`),
  ]
  return [...new Set(lines)].slice(0, 3)
}

async function unhealthyTargets(aws: Aws, TargetGroupArn: string): Promise<string[]> {
  const command = new DescribeTargetHealthCommand({ TargetGroupArn })
  const { TargetHealthDescriptions = [] } = await aws.elb.send(command).catch(() => ({ TargetHealthDescriptions: [] }))
  return TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State !== 'healthy')
    .slice(0, 3)
    .map(({ Target, TargetHealth: { State, Reason, Description } = {} }) => {
      const why = [Reason, Description].filter(Boolean).join(': ')
      return `target ${Target?.Id} is ${State}${why === '' ? '' : `: ${why}`}`
    })
}

async function endOfConsole(aws: Aws, InstanceId: string): Promise<string[]> {
  const asked = aws.ec2.send(new GetConsoleOutputCommand({ InstanceId, Latest: true }))
  // `Latest` works only on Nitro instances.
  const { Output = '' } = await asked
    .catch(() => aws.ec2.send(new GetConsoleOutputCommand({ InstanceId })))
    .catch(() => ({ Output: '' }))
  const lines = Buffer.from(Output, 'base64').toString().trimEnd().split('\n').filter(Boolean).slice(-consoleLines)
  return lines.length === 0 ? [] : [`the console of ${InstanceId} ends with:`, ...lines.map((line) => `  ${line}`)]
}
