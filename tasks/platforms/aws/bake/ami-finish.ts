import {
  CreateTagsCommand,
  EC2Client,
  EnableImageDeprecationCommand,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import { imageTags } from '../names.ts'
import { type Ami, copiesOf } from './ami-images.ts'

/** An image in one region. */
export interface PlacedImage {
  readonly ec2: EC2Client
  readonly id: string
}

/** The image itself and its copies in these regions. */
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
 * Makes every instance of an image require tokens for its metadata, however it is launched
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html#configure-IMDS-new-instances-ami-configuration).
 */
export async function requireTokensOf(place: PlacedImage): Promise<void> {
  await place.ec2.send(new ModifyImageAttributeCommand({ ImageId: place.id, ImdsSupport: { Value: 'v2.0' } }))
}

/**
 * Says when an image counts as deprecated, days from `now`. False where an emulator does not know this: it records nothing,
 * and nobody launches from it.
 */
export async function deprecateAfter(aws: Aws, place: PlacedImage, days: number, now: Date): Promise<boolean> {
  const DeprecateAt = new Date(now.getTime() + days * 86_400_000)
  try {
    await place.ec2.send(new EnableImageDeprecationCommand({ ImageId: place.id, DeprecateAt }))
    return true
  } catch (error) {
    if (aws.isEmulated && isUnknown(error)) return false
    throw error
  }
}

/** How moto says that it has no such action: with HTTP status 501 or 500 in the place of a word of AWS's. */
function isUnknown(error: unknown): boolean {
  const cause = (error as Error).cause as { $metadata?: { httpStatusCode?: number } } | undefined
  return isAwsError(error, 'InvalidAction') || (cause?.$metadata?.httpStatusCode ?? 0) >= 500
}

/** Marks an image as one that has passed its test. */
export async function markVerified(place: PlacedImage, now: Date): Promise<void> {
  const Tags = [{ Key: imageTags.verified, Value: now.toISOString() }]
  await place.ec2.send(new CreateTagsCommand({ Resources: [place.id], Tags }))
}
