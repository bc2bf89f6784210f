import { list, oneOf, pairs, text, wholeNumber, yesOrNo } from './kinds.ts'
import type { Setting } from './setting.ts'
import type { SettingKey, SettingValue } from './settings.ts'

type AwsKey = Extract<SettingKey, `aws.${string}`>

const region = /^[a-z]{2}(-[a-z]+)+-\d+$/
const none: ReadonlyMap<string, string> = new Map()

/** The settings of the aws platform. They are said in the environment and the configuration file; none has a flag. */
export const awsSettings: { readonly [Key in AwsKey]: Setting<SettingValue<Key>> } = {
  'aws.region': {
    kind: text('a region like eu-central-1', region, 'REGION'),
    help: 'the region on AWS; AWS_REGION counts too',
    verbs: 'every',
    fallbackEnv: 'AWS_REGION',
    default: undefined,
  },
  'aws.profile': {
    kind: text('the name of a profile', /\S/, 'NAME'),
    help: 'the profile of the AWS credentials; AWS_PROFILE counts too',
    verbs: 'every',
    fallbackEnv: 'AWS_PROFILE',
    default: undefined,
  },
  'aws.url': {
    kind: text('a url like https://time.example.org', /^https?:\/\/[^/?#@\s]+\/?$/, 'URL'),
    help: "where the service is asked, when not at the load balancer's own name",
    verbs: ['check', 'deploy', 'status'],
    default: undefined,
    defaultHelp: 'the domain name of the service stack, else the name of its load balancer',
  },
  'aws.reach': {
    kind: oneOf(['endpoint', 'direct', 'none']),
    help: 'how instances are reached: Instance Connect endpoint, directly (VPN), or not at all',
    verbs: ['check', 'deploy', 'doctor', 'roll', 'rollback', 'scale', 'heal', 'logs', 'ssh'],
    default: 'endpoint',
  },
  'aws.networkParameters': {
    kind: pairs('NAME=VALUE,...'),
    help: 'parameters of cloudformation/network.yaml',
    verbs: ['deploy'],
    default: none,
    defaultHelp: "the stack's previous ones, else the template's defaults",
  },
  'aws.serviceParameters': {
    kind: pairs('NAME=VALUE,...'),
    help: 'parameters of cloudformation/service.yaml',
    verbs: ['deploy'],
    default: none,
    defaultHelp: "the stack's previous ones, else the template's defaults",
  },
  'aws.guardParameters': {
    kind: pairs('NAME=VALUE,...'),
    help: 'parameters of cloudformation/guard.yaml',
    verbs: ['deploy'],
    default: none,
    defaultHelp: "the stack's previous ones, else the template's defaults",
  },
  'aws.tags': {
    kind: pairs('NAME=VALUE,...'),
    help: 'further tags of everything that a deploy makes',
    verbs: ['deploy'],
    default: none,
    defaultHelp: 'none',
  },
  'aws.guard': {
    kind: yesOrNo,
    help: 'deploy the guard stack, too: web ACL, CloudTrail, GuardDuty',
    verbs: ['deploy'],
    default: false,
  },
  'aws.sourceOwner': {
    kind: text('an account number of 12 digits, or amazon', /^(\d{12}|amazon)$/, 'ACCOUNT'),
    help: 'whose source image is taken; the default is Debian',
    verbs: ['bake'],
    default: '136693071363',
  },
  'aws.sourceName': {
    kind: text('a name with * in it', /\S/, 'PATTERN'),
    help: 'the name of the source image; the newest that fits is taken',
    verbs: ['bake'],
    default: 'debian-12-amd64-*',
  },
  'aws.sourceParameter': {
    kind: text('the path of an SSM parameter', /^\/\S+$/, 'PATH'),
    help: 'the SSM parameter that holds the id of the source image, in the place of owner and name',
    verbs: ['bake'],
    default: undefined,
  },
  'aws.builderType': {
    kind: text('an instance type like t3.small', /^[a-z0-9-]+\.[a-z0-9-]+$/, 'TYPE'),
    help: 'the instance type of the builder',
    verbs: ['bake'],
    default: 't3.small',
  },
  'aws.builderSubnetId': {
    kind: text('a subnet id', /^subnet-[0-9a-f]+$/, 'ID'),
    help: 'where the builder runs',
    verbs: ['bake'],
    default: undefined,
    defaultHelp: 'a subnet of the default VPC',
  },
  'aws.builderInterface': {
    kind: oneOf(['public_ip', 'private_ip', 'session_manager']),
    help: 'how Packer reaches the builder',
    verbs: ['bake', 'doctor'],
    default: 'public_ip',
  },
  'aws.builderInstanceProfile': {
    kind: text('the name of an instance profile', /^[\w+=,.@-]+$/, 'NAME'),
    help: 'the instance profile of the builder; Session Manager needs one',
    verbs: ['bake'],
    default: undefined,
  },
  'aws.callerCidr': {
    kind: text('a network like 203.0.113.7/32', /^\d+\.\d+\.\d+\.\d+\/\d+$/, 'CIDR'),
    help: 'the network that may reach the builder over SSH',
    verbs: ['bake'],
    default: undefined,
    defaultHelp: "this computer's public address, as checkip.amazonaws.com tells it",
  },
  'aws.copyRegions': {
    kind: list('regions', region, 'REGION,...'),
    help: 'regions that get a copy of the image',
    verbs: ['bake'],
    default: [],
    defaultHelp: 'none',
  },
  'aws.shareAccounts': {
    kind: list('account numbers of 12 digits', /^\d{12}$/, 'ACCOUNT,...'),
    help: 'accounts that may launch the image; needs a KMS key of your own',
    verbs: ['bake'],
    default: [],
    defaultHelp: 'none',
  },
  'aws.kmsKey': {
    kind: text('a key id, alias or ARN', /^(alias\/|arn:|mrk-)?[\w:/-]+$/, 'KEY'),
    help: 'the KMS key of the encrypted snapshots',
    verbs: ['bake'],
    default: undefined,
    defaultHelp: "the account's own key for EBS",
  },
  'aws.deprecateAfterDays': {
    kind: wholeNumber(1, 3650, 'DAYS'),
    help: 'when a new image counts as deprecated',
    verbs: ['bake'],
    default: undefined,
    defaultHelp: 'never',
  },
  'aws.packerVariables': {
    kind: pairs('NAME=VALUE,...'),
    help: 'further variables of the Packer template, packer/variables.pkr.hcl',
    verbs: ['bake'],
    default: none,
    defaultHelp: 'none',
  },
}
