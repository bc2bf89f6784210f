import { oneOf, pairs, text, wholeNumber, yesOrNo } from '../../checker/settings/kinds.ts'
import { optional, setting, type ValuesOf } from '../../checker/settings/setting.ts'
import { words } from './kinds.ts'

const region = /^[a-z]{2}(-[a-z]+)+-\d+$/
const none: ReadonlyMap<string, string> = new Map()

/** Set in the environment or the configuration file; none has a flag. */
export const awsSettings = {
  region: optional(text('a region like eu-central-1', region, 'REGION'), {
    help: 'the region on AWS; AWS_REGION counts too',
    verbs: 'every',
    fallbackEnv: 'AWS_REGION',
  }),
  profile: optional(text('the name of a profile', /\S/, 'NAME'), {
    help: 'the profile of the AWS credentials; AWS_PROFILE counts too',
    verbs: 'every',
    fallbackEnv: 'AWS_PROFILE',
  }),
  url: optional(text('a url like https://time.example.org', /^https?:\/\/[^/?#@\s]+\/?$/, 'URL'), {
    help: "where the service is asked, when not at the load balancer's own name",
    verbs: ['check', 'deploy', 'status'],
    defaultHelp: 'the domain name of the service stack, else the name of its load balancer',
  }),
  reach: setting(oneOf(['endpoint', 'direct', 'none']), 'endpoint', {
    help: 'how instances are reached: Instance Connect endpoint, directly (VPN), or not at all',
    verbs: ['check', 'deploy', 'doctor', 'roll', 'rollback', 'scale', 'heal', 'logs', 'ssh'],
  }),
  networkParameters: setting(pairs('NAME=VALUE,...'), none, {
    help: 'parameters of cloudformation/network.yaml',
    verbs: ['deploy'],
    defaultHelp: "the stack's previous ones, else the template's defaults",
  }),
  serviceParameters: setting(pairs('NAME=VALUE,...'), none, {
    help: 'parameters of cloudformation/service.yaml',
    verbs: ['deploy'],
    defaultHelp: "the stack's previous ones, else the template's defaults",
  }),
  guardParameters: setting(pairs('NAME=VALUE,...'), none, {
    help: 'parameters of cloudformation/guard.yaml',
    verbs: ['deploy'],
    defaultHelp: "the stack's previous ones, else the template's defaults",
  }),
  tags: setting(pairs('NAME=VALUE,...'), none, {
    help: 'further tags of everything that a deploy makes',
    verbs: ['deploy'],
    defaultHelp: 'none',
  }),
  guard: setting(yesOrNo, false, {
    help: 'deploy the guard stack, too: web ACL, CloudTrail, GuardDuty',
    verbs: ['deploy'],
  }),
  sourceOwner: setting(
    text('an account number of 12 digits, or amazon', /^(\d{12}|amazon)$/, 'ACCOUNT'),
    '136693071363',
    {
      help: 'whose source image is taken; the default is Debian',
      verbs: ['bake'],
    },
  ),
  sourceName: optional(text('a name with * in it', /\S/, 'PATTERN'), {
    help: 'the name of the source image; the newest that fits is taken',
    verbs: ['bake'],
    defaultHelp: 'Debian of image.suite and image.architecture, debian-12-amd64-*',
  }),
  sourceParameter: optional(text('the path of an SSM parameter', /^\/\S+$/, 'PATH'), {
    help: 'the SSM parameter that holds the id of the source image, in the place of owner and name',
    verbs: ['bake'],
  }),
  builderType: optional(text('an instance type like t3.small', /^[a-z0-9-]+\.[a-z0-9-]+$/, 'TYPE'), {
    help: 'the instance type of the builder',
    verbs: ['bake'],
    defaultHelp: 't3.small, t4g.small for arm64',
  }),
  builderSubnetId: optional(text('a subnet id', /^subnet-[0-9a-f]+$/, 'ID'), {
    help: 'where the builder runs',
    verbs: ['bake'],
    defaultHelp: 'a subnet of the default VPC',
  }),
  builderInterface: setting(oneOf(['public_ip', 'private_ip', 'session_manager']), 'public_ip', {
    help: 'how Packer reaches the builder',
    verbs: ['bake', 'doctor'],
  }),
  builderInstanceProfile: optional(text('the name of an instance profile', /^[\w+=,.@-]+$/, 'NAME'), {
    help: 'the instance profile of the builder; Session Manager needs one',
    verbs: ['bake'],
  }),
  callerCidr: optional(text('a network like 203.0.113.7/32', /^\d+\.\d+\.\d+\.\d+\/\d+$/, 'CIDR'), {
    help: 'the network that may reach the builder over SSH',
    verbs: ['bake'],
    defaultHelp: "this computer's public address, as checkip.amazonaws.com tells it",
  }),
  copyRegions: setting(words('regions', region, 'REGION,...'), [], {
    help: 'regions that get a copy of the image',
    verbs: ['bake'],
    defaultHelp: 'none',
  }),
  shareAccounts: setting(words('account numbers of 12 digits', /^\d{12}$/, 'ACCOUNT,...'), [], {
    help: 'accounts that may launch the image; needs a KMS key of your own',
    verbs: ['bake'],
    defaultHelp: 'none',
  }),
  kmsKey: optional(text('a key id, alias or ARN', /^(alias\/|arn:|mrk-)?[\w:/-]+$/, 'KEY'), {
    help: 'the KMS key of the encrypted snapshots',
    verbs: ['bake'],
    defaultHelp: "the account's own key for EBS",
  }),
  deprecateAfterDays: optional(wholeNumber(1, 3650, 'DAYS'), {
    help: 'when a new image counts as deprecated',
    verbs: ['bake'],
    defaultHelp: 'never',
  }),
  packerVariables: setting(pairs('NAME=VALUE,...'), none, {
    help: 'further variables of the Packer template, packer/variables.pkr.hcl',
    verbs: ['bake'],
    defaultHelp: 'none',
  }),
}

export type AwsSettings = ValuesOf<typeof awsSettings>
