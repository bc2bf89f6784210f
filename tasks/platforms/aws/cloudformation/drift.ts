import { setTimeout as sleep } from 'node:timers/promises'
import {
  DescribeStackDriftDetectionStatusCommand,
  DetectStackDriftCommand,
  type PropertyDifference,
  paginateDescribeStackResourceDrifts,
  type StackResourceDrift,
} from '@aws-sdk/client-cloudformation'
import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { shortType } from './progress.ts'
import { describeStack } from './stacks.ts'
import { stateOf } from './states.ts'

/**
 * Changes made outside CloudFormation, one line per property; empty when there are none or no such stack exists. Takes
 * AWS seconds to minutes. Throws `failed` when drift detection fails, `refused` while the stack is being changed.
 */
export async function detectDrift(
  aws: Aws,
  stackName: string,
  { timeoutSeconds = 600 }: { readonly timeoutSeconds?: number } = {},
): Promise<string[]> {
  const stack = await describeStack(aws, stackName)
  if (!stack || stateOf(stack.status).condition === 'review-only') return []
  const { StackDriftDetectionId = '' } = await aws.cloudFormation.send(
    new DetectStackDriftCommand({ StackName: stack.id }),
  )
  const incomplete = await detectionEnded(aws, stackName, StackDriftDetectionId, timeoutSeconds)
  const lines: string[] = []
  for await (const { StackResourceDrifts = [] } of paginateDescribeStackResourceDrifts(
    { client: aws.cloudFormation },
    { StackName: stack.id, StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED', 'UNKNOWN'] },
  )) {
    lines.push(...StackResourceDrifts.flatMap((one) => driftLines(stackName, one)))
  }
  return [
    ...lines,
    ...(incomplete === undefined ? [] : [`${stackName}: not all resources could be checked: ${incomplete}`]),
  ]
}

/** Waits for the detection to finish; returns AWS's reason when it is incomplete. */
async function detectionEnded(aws: Aws, stack: string, StackDriftDetectionId: string, timeoutSeconds: number) {
  const deadline = Date.now() + timeoutSeconds * 1000
  for (let pauseMs = 200; ; pauseMs = Math.min(3000, pauseMs * 1.6)) {
    const answer = await aws.cloudFormation.send(
      new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId }),
    )
    const { DetectionStatus, DetectionStatusReason = 'no reason given', StackDriftStatus } = answer
    if (DetectionStatus === 'DETECTION_COMPLETE') return undefined
    // With a drift status, some resources were checked all the same.
    if (DetectionStatus === 'DETECTION_FAILED' && StackDriftStatus !== undefined) return DetectionStatusReason
    if (DetectionStatus === 'DETECTION_FAILED') {
      throw new OperatorError('failed', `drift detection failed for stack ${stack}: ${DetectionStatusReason}`)
    }
    if (Date.now() > deadline) {
      throw new OperatorError(
        'failed',
        `drift detection for stack ${stack} has not finished after ${timeoutSeconds} s`,
        {
          hint: `aws cloudformation describe-stack-drift-detection-status --stack-drift-detection-id ${StackDriftDetectionId}`,
        },
      )
    }
    await sleep(pauseMs)
  }
}

export function driftLines(stack: string, drift: StackResourceDrift): string[] {
  const { LogicalResourceId, PhysicalResourceId, ResourceType = '', StackResourceDriftStatus: status } = drift
  const head = `${stack}: ${LogicalResourceId} (${shortType(ResourceType)}) ${PhysicalResourceId ?? ''}`.trimEnd()
  if (status === 'DELETED') return [`${head} was deleted`]
  if (status === 'UNKNOWN') return [`${head} could not be checked: ${drift.DriftStatusReason ?? 'no reason given'}`]
  if (status !== 'MODIFIED') return []
  return (drift.PropertyDifferences ?? []).map((one) => `${head}: ${differenceInWords(one)}`)
}

function differenceInWords({ PropertyPath, ExpectedValue, ActualValue, DifferenceType }: PropertyDifference): string {
  if (DifferenceType === 'ADD') return `${PropertyPath} ${ActualValue} was added`
  if (DifferenceType === 'REMOVE') return `${PropertyPath} ${ExpectedValue} was removed`
  return `${PropertyPath} is ${ActualValue}, not ${ExpectedValue}`
}
