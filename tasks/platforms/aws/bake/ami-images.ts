import {
  type Image as AwsImage,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  EC2Client,
  type Filter,
  paginateDescribeImages,
} from '@aws-sdk/client-ec2'
import type { Image } from '../../../lib/platform.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import { imageTags } from '../names.ts'

/** One of our AMIs, read from its tags. */
export interface Ami extends Image {
  /** Unique in the account; copies in other regions share it. */
  readonly name: string
  /** Hash of all inputs: same hash, same image. Empty for a base layer. */
  readonly contentHash: string
  /** Hash of the base layer. */
  readonly base: string
  /** The AMI that the base layer was made from. */
  readonly sourceImage: string
  /** `ebs` for every image that a bake makes. */
  readonly rootDeviceType: string
}

type Layer = 'base' | 'release'

/** Release images in the region, newest first. */
export async function listAmis(aws: Aws): Promise<Ami[]> {
  return ofLayer(aws, 'release')
}

/** Base layers in the region, newest first. Releases are built on them; no instance runs one. */
export async function listBaseAmis(aws: Aws): Promise<Ami[]> {
  return ofLayer(aws, 'base')
}

export async function newestBaseAmi(aws: Aws, hash: string): Promise<Ami | undefined> {
  return (await listBaseAmis(aws)).find((ami) => ami.base === hash)
}

async function ofLayer(aws: Aws, layer: Layer): Promise<Ami[]> {
  const images = await ownImages(aws.ec2, [
    { Name: `tag:${imageTags.layer}`, Values: [layer] },
    { Name: 'state', Values: ['available'] },
  ])
  return images.map(amiFrom).sort((a, b) => b.createdAt.localeCompare(a.createdAt) || b.name.localeCompare(a.name))
}

/** Matching images of this account, deprecated ones included. */
export async function ownImages(ec2: EC2Client, Filters: Filter[]): Promise<AwsImage[]> {
  const pages = paginateDescribeImages({ client: ec2, pageSize: 200 }, { Owners: ['self'], Filters })
  return (await Array.fromAsync(pages)).flatMap(({ Images = [] }) => Images)
}

export function amiFrom(image: AwsImage): Ami {
  const tags = new Map(image.Tags?.map(({ Key = '', Value = '' }) => [Key, Value]))
  const service = tags.get(imageTags.service)
  return {
    id: image.ImageId ?? '',
    name: image.Name ?? '',
    release: tags.get(imageTags.release) ?? '',
    ...(service === undefined ? {} : { service }),
    createdAt: new Date(image.CreationDate ?? 0).toISOString(),
    verified: tags.has(imageTags.verified),
    contentHash: tags.get(imageTags.content) ?? '',
    base: tags.get(imageTags.base) ?? '',
    sourceImage: tags.get(imageTags.sourceImage) ?? '',
    rootDeviceType: image.RootDeviceType ?? '',
  }
}

/**
 * Removes an AMI with its snapshots, its copies in other regions, and base layers that no image is built on any more.
 * The newest base layer stays for the next release while there are images. An AMI that is gone already is no error.
 */
export async function removeAmi(aws: Aws, id: string, copyRegions: readonly string[] = []): Promise<void> {
  const [image] = await ownImages(aws.ec2, [{ Name: 'image-id', Values: [id] }])
  if (image !== undefined) {
    for (const region of copyRegions) {
      const ec2 = aws.open(EC2Client, region)
      for (const copy of await copiesOf(ec2, image.Name ?? '')) await deregister(ec2, copy)
    }
    await deregister(aws.ec2, image)
  }
  const [images, bases] = await Promise.all([listAmis(aws), listBaseAmis(aws)])
  for (const base of unusedBases(images, bases)) await removeImage(aws.ec2, base.id)
}

/** AMIs of this name in the client's region: a copy has the name of its original. */
export async function copiesOf(ec2: EC2Client, name: string): Promise<AwsImage[]> {
  return ownImages(ec2, [
    { Name: 'name', Values: [name] },
    { Name: 'tag-key', Values: [imageTags.layer] },
  ])
}

/**
 * The base layers that can go. The newest of each recipe in use stays and, while there are images, the newest of all.
 * `bases` is newest first.
 */
export function unusedBases(images: readonly Ami[], bases: readonly Ami[]): Ami[] {
  const used = new Set(images.map(({ base }) => base))
  return bases.filter((base, index) => {
    if (images.length > 0 && index === 0) return false
    const isNewest = bases.findIndex((other) => other.base === base.base) === index
    return !(isNewest && used.has(base.base))
  })
}

async function removeImage(ec2: EC2Client, id: string): Promise<void> {
  for (const image of await ownImages(ec2, [{ Name: 'image-id', Values: [id] }])) await deregister(ec2, image)
}

/** Deregisters an AMI, then deletes its snapshots. */
export async function deregister(ec2: EC2Client, image: AwsImage): Promise<void> {
  await ec2
    .send(new DeregisterImageCommand({ ImageId: image.ImageId }))
    .catch(unless('InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'))
  for (const { Ebs } of image.BlockDeviceMappings ?? []) {
    if (Ebs?.SnapshotId === undefined) continue
    // A snapshot that another AMI uses too is deleted with that one.
    await ec2
      .send(new DeleteSnapshotCommand({ SnapshotId: Ebs.SnapshotId }))
      .catch(unless('InvalidSnapshot.NotFound', 'InvalidSnapshot.InUse'))
  }
}

function unless(...codes: string[]): (error: unknown) => void {
  return (error) => {
    if (!isAwsError(error, ...codes)) throw error
  }
}
