import { type Image as AwsImage, DescribeImagesCommand, paginateDescribeImages } from '@aws-sdk/client-ec2'
import { GetParameterCommand } from '@aws-sdk/client-ssm'
import { OperatorError } from '../../../lib/errors.ts'
import type { Architecture } from '../../service-image.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import { awsArchitecture } from './architecture.ts'

/** Where the source image comes from: an owner and a name pattern (`*`), or an SSM parameter that holds its id. */
export interface SourceSettings {
  readonly sourceOwner: string
  readonly sourceName: string
  readonly sourceParameter: string | undefined
  readonly architecture: Architecture
}

export interface SourceImage {
  readonly id: string
  readonly name: string
  /** Device name of the root volume, `/dev/xvda`. */
  readonly rootDevice: string
  readonly rootGib: number
}

/**
 * Finds the image to build a base layer on: the newest one that matches owner and name, or the one in the parameter.
 * Throws a usage error when there is none, or when its architecture is another one.
 */
export async function findSourceImage(aws: Aws, settings: SourceSettings): Promise<SourceImage> {
  const { sourceParameter, architecture } = settings
  if (sourceParameter === undefined) return newestImage(aws, settings)
  const id = await parameterValue(aws, sourceParameter)
  return describeSource(aws, { id, architecture, who: `the SSM parameter ${sourceParameter}` })
}

/** Looks up a source image; `who` says in an error where its id comes from. */
export async function describeSource(
  aws: Aws,
  { id, architecture, who }: { readonly id: string; readonly architecture: Architecture; readonly who: string },
): Promise<SourceImage> {
  const image = await aws.ec2
    .send(new DescribeImagesCommand({ ImageIds: [id] }))
    .then(({ Images = [] }) => Images[0])
    .catch((error) => {
      if (isAwsError(error, 'InvalidAMIID.NotFound', 'InvalidAMIID.Malformed', 'InvalidAMIID.Unavailable'))
        return undefined
      throw error
    })
  if (image === undefined) {
    throw new OperatorError('usage', `${who} names ${id}, but there is no such image in ${await aws.region()}`, {
      hint: 'set aws.sourceParameter, or aws.sourceOwner and aws.sourceName',
    })
  }
  return sourceFrom(image, architecture)
}

async function newestImage(aws: Aws, { sourceOwner, sourceName, architecture }: SourceSettings): Promise<SourceImage> {
  const Filters = [
    { Name: 'name', Values: [sourceName] },
    { Name: 'state', Values: ['available'] },
    { Name: 'architecture', Values: [awsArchitecture(architecture)] },
    { Name: 'virtualization-type', Values: ['hvm'] },
  ]
  const pages = paginateDescribeImages({ client: aws.ec2, pageSize: 200 }, { Owners: [sourceOwner], Filters })
  const images = (await Array.fromAsync(pages)).flatMap(({ Images = [] }) => Images)
  const newest = images
    .filter(({ RootDeviceType }) => RootDeviceType === 'ebs')
    .sort((a, b) => String(b.CreationDate).localeCompare(String(a.CreationDate)))[0]
  if (newest !== undefined) return sourceFrom(newest, architecture)
  throw new OperatorError(
    'usage',
    `no image ${sourceName} (${awsArchitecture(architecture)}) of owner ${sourceOwner} in ${await aws.region()}`,
    { hint: 'set aws.sourceOwner and aws.sourceName, or aws.sourceParameter' },
  )
}

async function parameterValue(aws: Aws, name: string): Promise<string> {
  const { Parameter } = await aws.ssm.send(new GetParameterCommand({ Name: name })).catch(async (cause) => {
    if (!isAwsError(cause, 'ParameterNotFound')) throw cause
    throw new OperatorError('usage', `there is no SSM parameter ${name} in ${await aws.region()}`, {
      hint: `aws ssm get-parameters-by-path --recursive --path ${name.split('/').slice(0, 4).join('/')} lists those that exist`,
      cause,
    })
  })
  const value = Parameter?.Value ?? ''
  if (/^ami-[0-9a-z]+$/.test(value)) return value
  throw new OperatorError('usage', `the SSM parameter ${name} holds ${JSON.stringify(value)}, expected an image id`)
}

function sourceFrom(image: AwsImage, architecture: Architecture): SourceImage {
  const { ImageId = '', Name = '', RootDeviceName = '/dev/xvda', Architecture } = image
  const wanted = awsArchitecture(architecture)
  if (Architecture !== undefined && Architecture !== wanted) {
    throw new OperatorError(
      'usage',
      `the source image ${ImageId} (${Name}) is ${Architecture}, the container image ${wanted}`,
      { hint: 'use a source image of this architecture, or set image.architecture' },
    )
  }
  const root = image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === RootDeviceName)
  return { id: ImageId, name: Name, rootDevice: RootDeviceName, rootGib: Math.max(8, root?.Ebs?.VolumeSize ?? 0) }
}
