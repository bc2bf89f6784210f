import { type Image as AwsImage, DescribeImagesCommand, paginateDescribeImages } from '@aws-sdk/client-ec2'
import { GetParameterCommand } from '@aws-sdk/client-ssm'
import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'

/** Where the source image comes from: an owner and a name with `*` in it, or an SSM parameter with its id. */
export interface SourceSettings {
  readonly sourceOwner: string
  readonly sourceName: string
  readonly sourceParameter: string | undefined
}

/** What a builder starts from. */
export interface SourceImage {
  readonly id: string
  readonly name: string
  /** What it calls its root volume, `/dev/xvda`. */
  readonly rootDevice: string
  readonly rootGib: number
}

/** What AWS calls the architecture of this computer, for which the Node of the container image is made. */
export const architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64'

/**
 * Finds the image that a base layer starts from: the newest one of the owner and the name, or the one that the parameter
 * names. Throws a usage error when there is none, or when it is of another architecture than this computer.
 */
export async function findSourceImage(aws: Aws, settings: SourceSettings): Promise<SourceImage> {
  const { sourceParameter } = settings
  if (sourceParameter === undefined) return newestImage(aws, settings)
  const id = await parameterValue(aws, sourceParameter)
  return describeSource(aws, id, `the SSM parameter ${sourceParameter}`)
}

/** Looks up one image as a source; `who` says in a failure where its id comes from. */
export async function describeSource(aws: Aws, id: string, who: string): Promise<SourceImage> {
  const image = await aws.ec2
    .send(new DescribeImagesCommand({ ImageIds: [id] }))
    .then(({ Images = [] }) => Images[0])
    .catch((error) => {
      if (isAwsError(error, 'InvalidAMIID.NotFound', 'InvalidAMIID.Malformed', 'InvalidAMIID.Unavailable'))
        return undefined
      throw error
    })
  if (image === undefined) {
    throw new OperatorError('usage', `${who} names ${id}, which is no image in ${await aws.region()}`, {
      hint: 'set aws.sourceParameter, or aws.sourceOwner and aws.sourceName',
    })
  }
  return sourceFrom(image)
}

async function newestImage(aws: Aws, { sourceOwner, sourceName }: SourceSettings): Promise<SourceImage> {
  const Filters = [
    { Name: 'name', Values: [sourceName] },
    { Name: 'state', Values: ['available'] },
    { Name: 'architecture', Values: [architecture] },
    { Name: 'virtualization-type', Values: ['hvm'] },
  ]
  const pages = paginateDescribeImages({ client: aws.ec2, pageSize: 200 }, { Owners: [sourceOwner], Filters })
  const images = (await Array.fromAsync(pages)).flatMap(({ Images = [] }) => Images)
  const newest = images
    .filter(({ RootDeviceType }) => RootDeviceType === 'ebs')
    .sort((a, b) => String(b.CreationDate).localeCompare(String(a.CreationDate)))[0]
  if (newest !== undefined) return sourceFrom(newest)
  throw new OperatorError(
    'usage',
    `no image ${sourceName} (${architecture}) of owner ${sourceOwner} in ${await aws.region()}`,
    { hint: 'set aws.sourceOwner and aws.sourceName, or aws.sourceParameter' },
  )
}

async function parameterValue(aws: Aws, name: string): Promise<string> {
  const { Parameter } = await aws.ssm.send(new GetParameterCommand({ Name: name })).catch(async (cause) => {
    if (!isAwsError(cause, 'ParameterNotFound')) throw cause
    throw new OperatorError('usage', `there is no SSM parameter ${name} in ${await aws.region()}`, {
      hint: `aws ssm get-parameters-by-path --recursive --path ${name.split('/').slice(0, 4).join('/')} lists what there is`,
      cause,
    })
  })
  const value = Parameter?.Value ?? ''
  if (/^ami-[0-9a-z]+$/.test(value)) return value
  throw new OperatorError('usage', `the SSM parameter ${name} holds no image id, but ${JSON.stringify(value)}`)
}

function sourceFrom(image: AwsImage): SourceImage {
  const { ImageId = '', Name = '', RootDeviceName = '/dev/xvda', Architecture } = image
  if (Architecture !== undefined && Architecture !== architecture) {
    throw new OperatorError(
      'usage',
      `the source image ${ImageId} (${Name}) is ${Architecture}, but this computer makes releases for ${architecture}`,
      { hint: 'take an image of the same architecture, or bake on a computer of the other one' },
    )
  }
  const root = image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === RootDeviceName)
  return { id: ImageId, name: Name, rootDevice: RootDeviceName, rootGib: Math.max(8, root?.Ebs?.VolumeSize ?? 0) }
}
