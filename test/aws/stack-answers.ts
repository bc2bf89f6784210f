import { ResourceStatus } from '@aws-sdk/client-cloudformation'
import type { RecordedAnswer } from './recorded.ts'

/*
 * Answers of CloudFormation about one stack. Shapes and words of each are those of its page,
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_OPERATION.html; each is held against AWS's model.
 */

/** The stack that all answers are about. */
export const stackName = 'bakeroll-shop-service'
export const stackId = `arn:aws:cloudformation:eu-central-1:123456789012:stack/${stackName}/51af3dc0-da77-11e4-872e-1234567db123`
const changeSetId =
  'arn:aws:cloudformation:eu-central-1:123456789012:changeSet/bakeroll-1/1a2345b6-0000-00a0-a123-00abc0abc000'
const time = '2026-11-21T12:03:11Z'

/** An answer of CloudFormation to an operation. */
export function answer(operation: string, output: object, input?: object): RecordedAnswer {
  return { ...about(operation), output, ...(input === undefined ? {} : { input }) }
}

/** A refusal of CloudFormation. */
export function refused(operation: string, code: string, message: string): RecordedAnswer {
  return { ...about(operation), error: { code, message } }
}

function about(operation: string) {
  const page = `https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_${operation}.html`
  return { service: 'cloudformation', operation, source: page }
}

/** There is no such stack. */
export const noStack = refused('DescribeStacks', 'ValidationError', `Stack with id ${stackName} does not exist`)

/** The stack in a state, with parameters. */
export function stackIn(status: string, parameters: Record<string, string> = {}): RecordedAnswer {
  return answer('DescribeStacks', {
    Stacks: [
      {
        StackId: stackId,
        StackName: stackName,
        CreationTime: time,
        StackStatus: status,
        Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
          ParameterKey,
          ParameterValue,
        })),
        Outputs: [{ OutputKey: 'Url', OutputValue: 'http://shop' }],
      },
    ],
  })
}

/** CreateChangeSet and DescribeChangeSet with these changes. */
export function changeSet(description: object = {}): RecordedAnswer[] {
  const head = { ChangeSetId: changeSetId, StackId: stackId, StackName: stackName }
  return [
    answer('CreateChangeSet', { Id: changeSetId, StackId: stackId }),
    answer('DescribeChangeSet', { ...head, Status: 'CREATE_COMPLETE', ExecutionStatus: 'AVAILABLE', ...description }),
  ]
}

/** A change of one resource in a change set. */
export function change(Action: string, LogicalResourceId: string, ResourceType: string, more: object = {}) {
  return { Type: 'Resource', ResourceChange: { Action, LogicalResourceId, ResourceType, ...more } }
}

/** One event: `['Vpc', 'AWS::EC2::VPC', 'CREATE_FAILED', 'why']`; the stack's own has its status alone. */
export type Told = string | readonly [id: string, type: string, status: string, reason?: string, physicalId?: string]

/**
 * DescribeStackEvents after so many events, the newest first, as AWS tells them. Some states of the stack itself are missing in
 * AWS's model of events (REVIEW_IN_PROGRESS, ..._CLEANUP_IN_PROGRESS), although it tells them; they are left out here.
 */
export function events(told: readonly Told[], token = ''): RecordedAnswer {
  const known: readonly string[] = Object.values(ResourceStatus)
  const all = told
    .filter((one) => typeof one !== 'string' || known.includes(one))
    .map((one, index) => {
      const [id, type, status, reason, physicalId] =
        typeof one === 'string' ? [stackName, 'AWS::CloudFormation::Stack', one, undefined, stackId] : one
      return {
        StackId: stackId,
        StackName: stackName,
        EventId: `event-${index}`,
        Timestamp: time,
        LogicalResourceId: id,
        ResourceType: type,
        ResourceStatus: status,
        PhysicalResourceId: physicalId ?? `${id}-1`,
        ...(reason === undefined ? {} : { ResourceStatusReason: reason }),
        ...(token === '' ? {} : { ClientRequestToken: token }),
      }
    })
  return answer('DescribeStackEvents', { StackEvents: all.reverse() })
}
