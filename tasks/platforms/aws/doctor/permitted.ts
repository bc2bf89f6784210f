import { groupTag, imageTags, parameterRoot, secretRoot } from '../names.ts'

/** The kind of resource, which decides the ARN that is simulated. */
export type PermittedOn =
  | 'anything'
  | 'stack'
  | 'parameter'
  | 'secret'
  | 'group'
  | 'loadBalancer'
  | 'targetGroup'
  | 'instance'
  | 'endpoint'
  | 'network'
  | 'securityGroup'
  | 'keyPair'
  | 'launchTemplate'
  | 'image'
  | 'snapshot'
  | 'role'
  | 'profile'
  | 'topic'
  | 'alarm'
  | 'logGroup'

export interface Need {
  readonly verbs: readonly string[]
  /** Who calls with the user's credentials; absent: our own SDK clients. */
  readonly by?: 'packer' | 'cloudformation' | 'aws'
  readonly on: PermittedOn
  /** IAM actions, `ec2:DescribeInstances`. */
  readonly actions: readonly string[]
}

export interface PermissionScope {
  readonly partition: string
  readonly region: string
  readonly account: string
  readonly group: string
}

/** The ARN to simulate: one that the group's own resource of this kind could have. */
export function arnOf(on: PermittedOn, { partition, region, account, group }: PermissionScope): string {
  const id = '0123456789abcdef0'
  const uuid = '11111111-2222-3333-4444-555555555555'
  const stack = `bakeroll-${group}-service`
  const at = (service: string, name: string, inRegion = region, of = account) =>
    `arn:${partition}:${service}:${inRegion}:${of}:${name}`
  const arns: Readonly<Record<PermittedOn, string>> = {
    anything: '*',
    stack: at('cloudformation', `stack/${stack}/${uuid}`),
    parameter: at('ssm', `parameter${parameterRoot}/${group}/record`),
    secret: at('ssm', `parameter${secretRoot}/${group}/NAME`),
    group: at('autoscaling', `autoScalingGroup:${uuid}:autoScalingGroupName/${stack}-AutoScalingGroup-${id}`),
    loadBalancer: at('elasticloadbalancing', `loadbalancer/app/bakero-LoadB-${id}/${id}`),
    targetGroup: at('elasticloadbalancing', `targetgroup/bakero-Targe-${id}/${id}`),
    instance: at('ec2', `instance/i-${id}`),
    endpoint: at('ec2', `instance-connect-endpoint/eice-${id}`),
    network: at('ec2', `vpc/vpc-${id}`),
    securityGroup: at('ec2', `security-group/sg-${id}`),
    keyPair: at('ec2', `key-pair/bakeroll-${id}`),
    launchTemplate: at('ec2', `launch-template/lt-${id}`),
    image: at('ec2', `image/ami-${id}`, region, ''),
    snapshot: at('ec2', `snapshot/snap-${id}`, region, ''),
    role: at('iam', `role/bakeroll/${stack}-InstanceRole-${id}`, ''),
    profile: at('iam', `instance-profile/bakeroll/${stack}-InstanceProfile-${id}`, ''),
    topic: at('sns', `${stack}-AlarmTopic-${id}`),
    alarm: at('cloudwatch', `alarm:${stack}-Alarm-${id}`),
    logGroup: at('logs', `log-group:${parameterRoot}/${group}/instances`),
  }
  return arns[on]
}

/** A condition key of a request, in the terms of IAM's simulator. */
export interface Context {
  readonly key: string
  readonly type: 'string' | 'stringList' | 'numeric'
  readonly value: string
}

/** The context of our requests: the tags of the group, of a bake and of an image, and the calling service. */
export function contextOf(by: Need['by'], { partition, region, account, group }: PermissionScope): Context[] {
  const tags = { [groupTag]: group, [imageTags.bake]: 'a-bake', [imageTags.layer]: 'release' }
  const ofTags = Object.entries(tags).flatMap(([tag, value]) =>
    ['aws:ResourceTag', 'aws:RequestTag'].map((kind) => text(`${kind}/${tag}`, value)),
  )
  const via = { key: 'aws:CalledVia', type: 'stringList', value: 'cloudformation.amazonaws.com' } as const
  return [
    ...ofTags,
    text('aws:RequestedRegion', region),
    text('ec2:osuser', 'admin'),
    { key: 'ec2-instance-connect:remotePort', type: 'numeric', value: '22' },
    text('iam:PassedToService', 'ec2.amazonaws.com'),
    text('iam:PermissionsBoundary', `arn:${partition}:iam::${account}:policy/bakeroll-access/bakeroll-boundary`),
    ...(by === 'packer' ? [text('ec2:CreateAction', 'CreateImage')] : []),
    ...(by === 'cloudformation' ? [via] : []),
  ]
}

function text(key: string, value: string): Context {
  return { key, type: 'string', value }
}
