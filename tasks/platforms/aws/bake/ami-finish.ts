import {
  CreateTagsCommand,
  EC2Client,
  EnableImageDeprecationCommand,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2'
import type { Aws } from '../clients.ts'
import { imageTags } from '../names.ts'
import { type Ami, copiesOf } from './ami-images.ts'

export interface PlacedImage {
  readonly ec2: EC2Client
  readonly id: string
}

export async function everywhere(aws: Aws, ami: Ami, copyRegions: readonly string[]): Promise<PlacedImage[]> {
  const places: PlacedImage[] = [{ ec2: aws.ec2, id: ami.id }]
  const own = await aws.region()
  for (const region of copyRegions.filter((name) => name !== own)) {
    const ec2 = aws.open(EC2Client, region)
    for (const { ImageId = '' } of await copiesOf(ec2, ami.name)) places.push({ ec2, id: ImageId })
  }
  return places
}

/**
 * Makes IMDSv2 tokens mandatory for every instance of an image, however it is launched
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html#configure-IMDS-new-instances-ami-configuration).
 */
export async function requireTokensOf(place: PlacedImage): Promise<void> {
  await place.ec2.send(new ModifyImageAttributeCommand({ ImageId: place.id, ImdsSupport: { Value: 'v2.0' } }))
}

/** Deprecates an image `days` after `now`. */
export async function deprecateAfter(place: PlacedImage, days: number, now: Date): Promise<void> {
  const DeprecateAt = new Date(now.getTime() + days * 86_400_000)
  await place.ec2.send(new EnableImageDeprecationCommand({ ImageId: place.id, DeprecateAt }))
}

export async function markVerified(place: PlacedImage, now: Date): Promise<void> {
  const Tags = [{ Key: imageTags.verified, Value: now.toISOString() }]
  await place.ec2.send(new CreateTagsCommand({ Resources: [place.id], Tags }))
}
