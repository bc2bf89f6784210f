import { OperatorError } from '../../../lib/errors.ts'
import type { AwsSettings } from '../../../settings/aws-settings.ts'
import { type Stack, stateOf } from '../cloudformation/states.ts'
import { defaultsOf, type Template, type Values } from '../cloudformation/template.ts'
import type { Names } from '../names.ts'

/** The settings that decide about the stacks. */
export type AwsInfrastructureSettings = Pick<
  AwsSettings,
  'networkParameters' | 'serviceParameters' | 'guardParameters' | 'tags' | 'guard'
>

/** The templates of a group. */
export interface Templates {
  readonly network: Template
  readonly service: Template
  readonly guard: Template
}

/** The stacks of a group, as far as they are there. */
export interface Stacks {
  readonly network: Stack | undefined
  readonly service: Stack | undefined
  readonly guard: Stack | undefined
}

/** What a group of this image and size wants of its stacks. */
export interface GroupSpec {
  readonly imageId: string
  readonly size: number
}

const byTool = 'bakeroll sets it'
const fromNetwork = 'it comes from the network stack'

/** Parameters that are not the operator's to give, by template. */
const reserved: Readonly<Record<keyof Templates, Readonly<Record<string, string>>>> = {
  network: { Group: byTool },
  service: {
    Group: byTool,
    ImageId: 'it is what --image says',
    VpcId: fromNetwork,
    PublicSubnetIds: fromNetwork,
    PrivateSubnetIds: fromNetwork,
    LoadBalancerSecurityGroupId: fromNetwork,
    InstanceSecurityGroupId: fromNetwork,
  },
  guard: { Group: byTool, LoadBalancerArn: 'it comes from the service stack' },
}

/** Stand for what another stack gives, as long as that is not made: CloudFormation judges a plan by their form. */
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

/** The parameters of the service that the network stack gives. */
const networkOutputs = Object.keys(standIns.service)

/** Throws a usage error that names every parameter in the settings that is not the operator's to give. */
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

/** The parameters of the network stack: port 443 is open where the service has a certificate. */
export function networkValues(names: Names, templates: Templates, stacks: Stacks, settings: AwsInfrastructureSettings) {
  const given = Object.fromEntries(settings.networkParameters)
  const https = httpsValue(templates, stacks, settings)
  const canHttps = templates.network.parameters.has('Https')
  return { Group: names.group, ...(https === undefined || !canHttps ? {} : { Https: https }), ...given }
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
 * The parameters of the service stack. A new group gets its image and limits around its size; one that stands keeps its
 * image, which rolls change, and its limits as far as they hold the size. Throws `usage` when given limits do not.
 */
export function serviceValues(
  names: Names,
  { imageId, size }: GroupSpec,
  stack: Stack | undefined,
  settings: AwsInfrastructureSettings,
): Values {
  const given = Object.fromEntries(settings.serviceParameters)
  const before = standing(stack)
  const limits = before ? widened(before.parameters, size) : newLimits(size)
  const values = { Group: names.group, ...(before ? {} : { ImageId: imageId }), ...limits, ...given }
  const { MinSize = before?.parameters['MinSize'], MaxSize = before?.parameters['MaxSize'] } = values as Values
  const problems = [
    ...(Number(MinSize) > size ? [`aws.serviceParameters.MinSize: ${MinSize} is above the size ${size}`] : []),
    ...(Number(MaxSize) < size ? [`aws.serviceParameters.MaxSize: ${MaxSize} is below the size ${size}`] : []),
  ]
  throwProblems(problems)
  return values
}

/** What the network gives to the service. */
export function valuesFromNetwork({ name, outputs }: Stack): Values {
  const missing = networkOutputs.filter((output) => outputs[output] === undefined)
  if (missing.length === 0) return Object.fromEntries(networkOutputs.map((output) => [output, outputs[output] ?? '']))
  throw new OperatorError('refused', `stack ${name} has no output ${missing.join(', ')}`, {
    hint: 'it was made by another template: npm run destroy, then npm run deploy',
  })
}

/** The stack, when it is there and can be changed. */
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
    hint: 'cloudformation/*.yaml describe the parameters; bakeroll.config.ts or BAKEROLL_AWS_SERVICE_PARAMETERS give them',
  })
}
