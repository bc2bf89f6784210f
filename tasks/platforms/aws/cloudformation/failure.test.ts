import type { StackEvent } from '@aws-sdk/client-cloudformation'
import t from 'tap'
import { beginningOf, type ResourceEvent, resourceEventOf } from './events.ts'
import { isVague, rootCause, stackFailure } from './failure.ts'
import { awaitedRecords, eventLine, liveLines, unfinished } from './progress.ts'

const stackId = 'arn:aws:cloudformation:eu-central-1:123456789012:stack/shop/1'
const types: Readonly<Record<string, string>> = {
  Group: 'AWS::AutoScaling::AutoScalingGroup',
  Certificate: 'AWS::CertificateManager::Certificate',
  Vpc: 'AWS::EC2::VPC',
}
let number = 0

/** An event as DescribeStackEvents tells it (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html). */
function event(id: string, ResourceStatus: string, reason?: string, more: Partial<StackEvent> = {}): ResourceEvent {
  number += 1
  return resourceEventOf({
    StackId: stackId,
    StackName: 'shop',
    EventId: `e${number}`,
    Timestamp: new Date(1e12 + number),
    LogicalResourceId: id,
    ResourceStatus: ResourceStatus as 'CREATE_COMPLETE',
    ResourceType: id === 'shop' ? 'AWS::CloudFormation::Stack' : (types[id] ?? 'AWS::SNS::Topic'),
    PhysicalResourceId: id === 'shop' ? stackId : `${id.toLowerCase()}-1`,
    ...(reason === undefined ? {} : { ResourceStatusReason: reason }),
    ...more,
  })
}

const failedCreation = [
  event('shop', 'CREATE_IN_PROGRESS', 'User Initiated'),
  event('Vpc', 'CREATE_IN_PROGRESS'),
  event('Topic', 'CREATE_IN_PROGRESS'),
  event('Other', 'CREATE_FAILED', 'Resource creation cancelled'),
  event('Vpc', 'CREATE_FAILED', 'The maximum number of VPCs has been reached. (Service: Ec2, Status Code: 400)'),
  event('Topic', 'CREATE_FAILED', 'Resource creation cancelled'),
  event(
    'shop',
    'ROLLBACK_IN_PROGRESS',
    'The following resource(s) failed to create: [Other, Vpc, Topic]. Rollback requested by user.',
  ),
]

t.test('the root cause is the first failure of its own', async (t) => {
  t.match(rootCause(failedCreation), { logicalId: 'Vpc', type: 'AWS::EC2::VPC', reason: /maximum number of VPCs/ })
  t.equal(rootCause(failedCreation.slice(0, 4)), undefined)
  t.equal(rootCause([]), undefined)
})

t.test('some reasons hide what has happened', async (t) => {
  const cause = (reason: string, type = 'AWS::EC2::Instance') => ({ logicalId: 'X', physicalId: 'x', type, reason })
  t.ok(
    isVague(cause('Resource handler returned message: "Exceeded attempts to wait" (HandlerErrorCode: NotStabilized)')),
  )
  t.ok(
    isVague(
      cause('Received 0 SUCCESS signal(s) out of 2. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement'),
    ),
  )
  t.ok(isVague(cause('Failed to receive 1 resource signal(s) within the specified duration')))
  t.ok(isVague(cause('anything', 'AWS::AutoScaling::AutoScalingGroup')))
  t.notOk(isVague(cause('The maximum number of VPCs has been reached.')))
})

t.test('a failed creation: cause, then readiness', async (t) => {
  const ended = { status: 'ROLLBACK_COMPLETE', reason: '', events: failedCreation }
  const failure = stackFailure('shop', 'create', ended, ['scaling: no capacity', 'console:\n  panic'])
  t.equal(failure.kind, 'failed')
  t.equal(
    failure.message,
    'stack shop could not be created: Vpc (EC2::VPC): The maximum number of VPCs has been reached. (Service: Ec2, Status Code: 400)',
  )
  t.equal(
    failure.hint,
    'npm run doctor -- --platform aws shows the quotas, and how to raise them\n' +
      'behind it:\n  scaling: no capacity\n  console:\n    panic',
  )
})

t.test('what to do about reasons of which that is known', async (t) => {
  const table: [reason: string, hint: RegExp][] = [
    [
      'User: arn:x is not authorized to perform: iam:CreateRole (HandlerErrorCode: AccessDenied)',
      /doctor .* permissions/,
    ],
    ['The request is rejected because a detector already exists for the current account.', /GuardDuty=false/],
    ['Rate exceeded (HandlerErrorCode: Throttling)', /again in a minute/],
    ['We currently do not have sufficient t3.small capacity in the Availability Zone you requested (a).', /later/],
    ['Something else', /^aws cloudformation describe-stack-events --stack-name shop$/],
  ]
  for (const [reason, hint] of table) {
    const events = [event('shop', 'CREATE_IN_PROGRESS'), event('Topic', 'CREATE_FAILED', reason)]
    t.match(stackFailure('shop', 'create', { status: 'ROLLBACK_COMPLETE', reason: '', events }).hint, hint)
  }
})

t.test('a failed update that went back is put back; one that could not needs a person', async (t) => {
  const events = [event('shop', 'UPDATE_IN_PROGRESS'), event('Topic', 'UPDATE_FAILED', 'Access denied')]
  t.match(stackFailure('shop', 'update', { status: 'UPDATE_ROLLBACK_COMPLETE', reason: '', events }), {
    kind: 'put-back',
    message: 'stack shop could not be updated: Topic (SNS::Topic): Access denied; the stack is as it was before',
  })
  t.match(stackFailure('shop', 'update', { status: 'UPDATE_ROLLBACK_FAILED', reason: '', events }), {
    kind: 'failed',
    hint: 'aws cloudformation continue-update-rollback --stack-name shop',
  })
})

t.test('a failed deletion names everything that is still there', async (t) => {
  const events = [
    event('shop', 'DELETE_IN_PROGRESS'),
    event('Vpc', 'DELETE_FAILED', "The vpc 'vpc-1' has dependencies and cannot be deleted."),
    event('Topic', 'DELETE_FAILED', 'Throttled'),
  ]
  t.match(stackFailure('shop', 'delete', { status: 'DELETE_FAILED', reason: '', events }), {
    kind: 'failed',
    message: "stack shop could not be deleted: Vpc (EC2::VPC): The vpc 'vpc-1' has dependencies and cannot be deleted.",
    hint: 'still there: Vpc vpc-1, Topic topic-1; npm run destroy again',
  })
})

// The words of a certificate's event: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-certificatemanager-certificate.html
const waits = 'Content of DNS Record is: {Name: _a1.time.example.org.,Type: CNAME,Value: _b2.acm-validations.aws.}'

t.test('a certificate that waits says for which record, until it is done', async (t) => {
  const begun = [event('Certificate', 'CREATE_IN_PROGRESS'), event('Certificate', 'CREATE_IN_PROGRESS', waits)]
  const record = 'the DNS record _a1.time.example.org. CNAME _b2.acm-validations.aws.'
  t.same(awaitedRecords(begun), [record])
  t.same(
    liveLines(begun, () => 61_000),
    [`  creating Certificate (CertificateManager::Certificate) 61 s, waits for ${record}`],
  )
  const failed = stackFailure('shop', 'create', { status: 'CREATE_FAILED', reason: 'too long', events: begun })
  t.equal(failed.hint, `the certificate was waiting for ${record}`)
  const gaveUp = [
    ...begun,
    event('Certificate', 'CREATE_FAILED', 'never validated'),
    event('Certificate', 'DELETE_COMPLETE'),
  ]
  const ended = { status: 'ROLLBACK_COMPLETE', reason: '', events: gaveUp }
  t.equal(stackFailure('shop', 'create', ended).hint, failed.hint, 'also when it is the certificate that failed')
  t.same(awaitedRecords([...begun, event('Certificate', 'CREATE_COMPLETE')]), [])
})

t.test('progress: what is unfinished, and a line for each end', async (t) => {
  t.same(
    unfinished(failedCreation).map(({ logicalId }) => logicalId),
    [],
  )
  t.same(
    unfinished(failedCreation.slice(0, 3)).map(({ logicalId }) => logicalId),
    ['Vpc', 'Topic'],
  )
  t.same(failedCreation.map(eventLine).filter(Boolean), [
    'failed to create Other (SNS::Topic): Resource creation cancelled',
    'failed to create Vpc (EC2::VPC): The maximum number of VPCs has been reached. (Service: Ec2, Status Code: 400)',
    'failed to create Topic (SNS::Topic): Resource creation cancelled',
  ])
  t.equal(eventLine(event('Bucket', 'DELETE_SKIPPED')), 'kept Bucket (SNS::Topic)')
  t.equal(eventLine(event('shop', 'CREATE_COMPLETE')), undefined)
})

t.test('who began an operation, and when', async (t) => {
  const begun = (ClientRequestToken?: string) =>
    beginningOf([
      event('shop', 'UPDATE_IN_PROGRESS', 'User Initiated', {
        ...(ClientRequestToken ? { ClientRequestToken } : {}),
        Timestamp: new Date('2026-11-21T12:03:11Z'),
      }),
    ])
  t.equal(begun(), 'since 2026-11-21 12:03:11 UTC')
  t.equal(begun('bakeroll-deploy-5f1d'), 'since 2026-11-21 12:03:11 UTC, by a bakeroll deploy')
  t.equal(begun('Console-UpdateStack-1'), 'since 2026-11-21 12:03:11 UTC, by the AWS console')
  t.equal(begun('pipeline-7'), 'since 2026-11-21 12:03:11 UTC, by pipeline-7')
  t.equal(beginningOf([event('shop', 'UPDATE_COMPLETE')]), '')
})
