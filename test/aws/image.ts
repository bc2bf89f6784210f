import { CreateTagsCommand, RegisterImageCommand } from '@aws-sdk/client-ec2'
import type { Aws } from '../../tasks/platforms/aws/clients.ts'
import { imageTags } from '../../tasks/platforms/aws/names.ts'

/** Registers a verified image of a release as a bake would have left it, with further tags, and gives its id. */
export async function registerImage(aws: Aws, release: string, further: Record<string, string> = {}): Promise<string> {
  const image = { Name: `bakeroll-${release}`, RootDeviceName: '/dev/xvda', Architecture: 'x86_64' as const }
  const { ImageId = '' } = await aws.ec2.send(new RegisterImageCommand(image))
  const tags = {
    [imageTags.layer]: 'release',
    [imageTags.release]: release,
    [imageTags.verified]: '2026-01-01T00:00:00Z',
    ...further,
  }
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  await aws.ec2.send(new CreateTagsCommand({ Resources: [ImageId], Tags }))
  return ImageId
}
