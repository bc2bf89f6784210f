import { OperatorError } from '../../../lib/errors.ts'
import type { AwsSettings } from '../../../settings/aws-settings.ts'
import type { Architecture } from '../../service-image.ts'
import { smallType } from '../bake/architecture.ts'
import { type Stack, stateOf } from '../cloudformation/states.ts'
import { defaultsOf, type Template, type Values } from '../cloudformation/template.ts'
import type { Names } from '../names.ts'

export interface AwsInfrastructureSettings
  extends Pick<AwsSettings, 'networkParameters' | 'serviceParameters' | 'guardParameters' | 'tags' | 'guard'> {
  /** What the load balancer asks an instance. */
  readonly healthPath: string
  /** How long the service may be silent within an answer. */
  readonly answerTimeoutSeconds: number
  /** Of the image, when it was said. */
  readonly architecture: Architecture | undefined
}

export interface Templates {
  readonly network: Template
  readonly service: Template
  readonly guard: Template
}

export interface Stacks {
  readonly network: Stack | undefined
  readonly service: Stack | undefined
  readonly guard: Stack | undefined
}

export interface GroupSpec {
  readonly imageId: string
  readonly size: number
}

/** What the network and the service of a group follow from. */
export interface GroupBasis {
  readonly names: Names
  readonly settings: AwsInfrastructureSettings
  readonly templates: Templates
  readonly stacks: Stacks
  /** Instances then need a way to them, and the right to read them. */
  readonly hasSecrets: boolean
}

const byTool = 'bakeroll sets it'
const fromNetwork = 'the network stack provides it'

/** Parameters that the operator cannot set, by template. */
const reserved: Readonly<Record<keyof Templates, Readonly<Record<string, string>>>> = {
  network: { Group: byTool },
  service: {
    Group: byTool,
    ImageId: '--image sets it',
    Secrets: 'npm run secret sets it: true while the group has secrets',
    HealthPath: 'service.healthPath sets it',
    VpcId: fromNetwork,
    PublicSubnetIds: fromNetwork,
    PrivateSubnetIds: fromNetwork,
    LoadBalancerSecurityGroupId: fromNetwork,
    InstanceSecurityGroupId: fromNetwork,
  },
  guard: { Group: byTool, LoadBalancerArn: 'the service stack provides it' },
}

/** Stand-ins for outputs of a stack that does not exist yet; CloudFormation checks only their form when planning. */
export const standIns: { readonly [Name in 'service' | 'guard']: Values } = {
  service: {
    VpcId: 'vpc-00000000',
    PublicSubnetIds: 'subnet-00000000,subnet-00000001',
    PrivateSubnetIds: 'subnet-00000000',
    LoadBalancerSecurityGroupId: 'sg-00000000',
    InstanceSecurityGroupId: 'sg-00000000',
  },
  guard: { LoadBalancerArn: 'arn:aws:elasticloadbalancing:xx-none-1:000000000000:loadbalancer/app/none/0' },
}

/** Service parameters that come from the network stack. */
const networkOutputs = Object.keys(standIns.service)

/** Throws a usage error that names every parameter that the operator cannot set. */
export function checkSettings(settings: AwsInfrastructureSettings): void {
  throwProblems(
    (['network', 'service', 'guard'] as const).flatMap((name) =>
      [...settings[`${name}Parameters`].keys()].flatMap((parameter) => {
        const why = reserved[name][parameter]
        return why === undefined ? [] : [`aws.${name}Parameters.${parameter}: ${why}`]
      }),
    ),
  )
}

/** Opens port 443 when the service has a certificate, and a way to secrets when there are any. */
export function networkValues({ names, templates, stacks, settings, hasSecrets }: GroupBasis): Values {
  const given = Object.fromEntries(settings.networkParameters)
  const { ExistingVpcId = '', InstanceEgressPrefixListId = '' } = { ...standing(stacks.network)?.parameters, ...given }
  if (hasSecrets && ExistingVpcId !== '' && InstanceEgressPrefixListId === '') {
    throwProblems([
      `aws.networkParameters.InstanceEgressPrefixListId: the group has secrets, so its instances must reach the endpoint of SSM in ${ExistingVpcId}, got no prefix list with its addresses`,
    ])
  }
  const https = httpsValue(templates, stacks, settings)
  const canHttps = templates.network.parameters.has('Https')
  const endpoint = switched('SecretsEndpoint', hasSecrets && ExistingVpcId === '', templates.network, stacks.network)
  return { Group: names.group, ...(https === undefined || !canHttps ? {} : { Https: https }), ...endpoint, ...given }
}

/** A parameter that is on when it has to be, and off again after that. */
function switched(name: string, isOn: boolean, template: Template, stack: Stack | undefined): Values {
  if (!template.parameters.has(name)) return {}
  if (isOn) return { [name]: 'true' }
  return standing(stack)?.parameters[name] === 'true' ? { [name]: 'false' } : {}
}

function httpsValue(templates: Templates, stacks: Stacks, { serviceParameters }: AwsInfrastructureSettings) {
  const deciding = ['CertificateArn', 'HostedZoneId']
  const values = {
    ...defaultsOf(templates.service),
    ...standing(stacks.service)?.parameters,
    ...Object.fromEntries(serviceParameters),
  }
  if (deciding.some((name) => (values[name] ?? '') !== '')) return 'true'
  return deciding.some((name) => serviceParameters.has(name)) ? 'false' : undefined
}

/**
 * The parameters of the service stack. A new group gets its image, and limits around its size. An existing one keeps
 * its image, which rolls change, and limits that allow the size. Throws `usage` when given limits do not.
 */
export function serviceValues(
  { names, templates, stacks, settings, hasSecrets }: GroupBasis,
  { imageId, size }: GroupSpec,
): Values {
  const given = Object.fromEntries(settings.serviceParameters)
  const before = standing(stacks.service)
  const limits = before ? widened(before.parameters, size) : newLimits(size)
  const secrets = switched('Secrets', hasSecrets, templates.service, stacks.service)
  const ofService = { HealthPath: settings.healthPath, ...idle(settings) }
  const { parameters } = templates.service
  const known = Object.fromEntries(Object.entries(ofService).filter(([name]) => parameters.has(name)))
  const image = before ? {} : { ImageId: imageId, ...instanceType(settings) }
  const values = { Group: names.group, ...known, ...image, ...limits, ...secrets, ...given }
  const { MinSize = before?.parameters['MinSize'], MaxSize = before?.parameters['MaxSize'] } = values as Values
  const problems = [
    ...(Number(MinSize) > size ? [`aws.serviceParameters.MinSize: ${MinSize} is above the size ${size}`] : []),
    ...(Number(MaxSize) < size ? [`aws.serviceParameters.MaxSize: ${MaxSize} is below the size ${size}`] : []),
  ]
  throwProblems(problems)
  return values
}

/** Longer than nginx waits; the template's own default is 60 s, its maximum 4000 s. */
function idle({ answerTimeoutSeconds }: AwsInfrastructureSettings): Values {
  return answerTimeoutSeconds < 60 ? {} : { IdleTimeoutSeconds: String(Math.min(answerTimeoutSeconds + 5, 4000)) }
}

/** The template's own default is for amd64. */
function instanceType({ architecture }: AwsInfrastructureSettings): Values {
  return architecture === 'arm64' ? { InstanceType: smallType(architecture) } : {}
}

/** The service's parameters from the network's outputs. */
export function valuesFromNetwork({ name, outputs }: Stack): Values {
  const missing = networkOutputs.filter((output) => outputs[output] === undefined)
  if (missing.length === 0) return Object.fromEntries(networkOutputs.map((output) => [output, outputs[output] ?? '']))
  throw new OperatorError('refused', `stack ${name} has no output ${missing.join(', ')}`, {
    hint: 'another template created it: npm run destroy, then npm run deploy',
  })
}

/** The stack, if it exists and can be changed. */
export function standing(stack: Stack | undefined): Stack | undefined {
  return stack && stateOf(stack.status).condition === 'ready' ? stack : undefined
}

function newLimits(size: number): Values {
  return { MinSize: String(Math.min(size, 2)), MaxSize: String(Math.max(2 * size, size + 2)) }
}

function widened({ MinSize, MaxSize }: Values, size: number): Values {
  return {
    ...(MinSize !== undefined && Number(MinSize) > size ? { MinSize: String(size) } : {}),
    ...(MaxSize !== undefined && Number(MaxSize) < size ? { MaxSize: String(size) } : {}),
  }
}

function throwProblems(problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new OperatorError('usage', problems.join('\n'), {
    hint: 'cloudformation/*.yaml describe the parameters; set them in bakeroll.config.ts or BAKEROLL_AWS_SERVICE_PARAMETERS',
  })
}
