import type { ResourceChange, ResourceChangeDetail } from '@aws-sdk/client-cloudformation'

/**
 * Resources whose replacement or removal loses what no deploy restores: data, addresses that others know, all instances
 * at once.
 */
const stateful: ReadonlySet<string> = new Set([
  'AWS::AutoScaling::AutoScalingGroup',
  'AWS::CloudTrail::Trail',
  'AWS::EC2::InternetGateway',
  'AWS::EC2::Subnet',
  'AWS::EC2::VPC',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::ElasticLoadBalancingV2::TargetGroup',
  'AWS::GuardDuty::Detector',
  'AWS::KMS::Key',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  'AWS::SNS::Topic',
])

/** Properties that control access, by resource type; changing any other property widens nothing. */
const accessProperties: Readonly<Record<string, RegExp>> = {
  'AWS::EC2::LaunchTemplate': /AssociatePublicIpAddress|MetadataOptions|IamInstanceProfile|SecurityGroup/,
  'AWS::EC2::NetworkAclEntry': /./,
  'AWS::EC2::Route': /./,
  'AWS::EC2::SecurityGroup': /SecurityGroupIngress/,
  'AWS::EC2::SecurityGroupIngress': /./,
  'AWS::EC2::Subnet': /MapPublicIpOnLaunch/,
  'AWS::EC2::VPCEndpoint': /PolicyDocument/,
  'AWS::ElasticLoadBalancingV2::LoadBalancer': /Scheme|SecurityGroups/,
  'AWS::IAM::ManagedPolicy': /PolicyDocument|Roles|Users|Groups/,
  'AWS::IAM::Policy': /PolicyDocument|Roles|Users|Groups/,
  'AWS::IAM::InstanceProfile': /Roles/,
  'AWS::IAM::Role': /Polic|PermissionsBoundary/,
  'AWS::IAM::RolePolicy': /./,
  'AWS::KMS::Key': /KeyPolicy/,
  'AWS::Logs::ResourcePolicy': /./,
  'AWS::S3::Bucket': /PublicAccessBlock|AccessControl|OwnershipControls/,
  'AWS::S3::BucketPolicy': /./,
  'AWS::SNS::TopicPolicy': /./,
}

/** Adding one of these widens access. */
const grants = new Set(
  Object.keys(accessProperties).filter((type) => /IAM::|Policy$|Ingress$|Route$|AclEntry$/.test(type)),
)

/** Removing one of these leaves the service unprotected. */
const protections = new Set(['AWS::WAFv2::WebACL', 'AWS::WAFv2::WebACLAssociation', 'AWS::CloudTrail::Trail'])

/** The dangers of one resource change, one phrase each. */
export function dangersOf(change: ResourceChange): string[] {
  const { LogicalResourceId: id = '', ResourceType: type = '' } = change
  const name = `${id} (${type})`
  return [...lossOf(change, name), ...wideningOf(change, name)]
}

function lossOf({ Action, Replacement, PolicyAction, ResourceType = '' }: ResourceChange, name: string): string[] {
  if (!stateful.has(ResourceType)) return []
  if (Action === 'Remove') return PolicyAction === 'Retain' ? [] : [`removes ${name}`]
  if (Replacement === 'True' || PolicyAction?.startsWith('Replace')) return [`replaces ${name}`]
  return Replacement === 'Conditional' ? [`may replace ${name}`] : []
}

function wideningOf(change: ResourceChange, name: string): string[] {
  const { Action, ResourceType: type = '', AfterContext } = change
  if (Action === 'Remove') return protections.has(type) ? [`removes the protection of ${name}`] : []
  if (Action === 'Add' || Action === 'Import') {
    if (grants.has(type)) return [`widens access: adds ${name}`]
    return type === 'AWS::EC2::SecurityGroup' && isOpenGroup(AfterContext) ? [`widens access: adds ${name}`] : []
  }
  const about = accessProperties[type]
  const details = (change.Details ?? []).filter((one) => about?.test(nameOf(one)))
  const isUnknown = about !== undefined && (change.Details ?? []).length === 0
  if (!isUnknown && !details.some(canWiden)) return []
  const properties = [...new Set(details.map(nameOf))].filter(Boolean).join(', ')
  return [`may widen access: changes ${properties === '' ? '' : `${properties} of `}${name}`]
}

/** Removing a property widens nothing, except for a boundary. */
function canWiden(detail: ResourceChangeDetail): boolean {
  return detail.Target?.AttributeChangeType !== 'Remove' || /PermissionsBoundary|PublicAccessBlock/.test(nameOf(detail))
}

function nameOf({ Target }: ResourceChangeDetail): string {
  const [, top = ''] = /^\/Properties\/([^/]+)/.exec(Target?.Path ?? '') ?? []
  const deep = /AssociatePublicIpAddress|MetadataOptions|IamInstanceProfile|SecurityGroup\w*/.exec(Target?.Path ?? '')
  return deep?.[0] ?? (top || Target?.Name || '')
}

/** Whether a security group has ingress rules according to the change set; true when that cannot be read. */
function isOpenGroup(context: string | undefined): boolean {
  if (context === undefined) return true
  return /"SecurityGroupIngress"/.test(context)
}
