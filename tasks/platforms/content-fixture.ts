import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '../settings/settings.ts'
import { usualSettings } from '../settings/settings-fixture.ts'
import { homeAt } from './home.ts'
import { type ImageContent, imageContent } from './image-content.ts'

/** What goes into an image of the example, or of another service. */
export async function contentFixture(
  release: string,
  { service = {}, image = {} }: { service?: Partial<Settings['service']>; image?: Partial<Settings['image']> } = {},
): Promise<ImageContent> {
  const usual = usualSettings()
  const settings = { ...usual, service: { ...usual.service, ...service }, image: { ...usual.image, ...image } }
  return imageContent(settings, {
    release,
    home: homeAt(join(tmpdir(), 'bakeroll-no-home')),
    progress: { event() {}, step: (_name, work) => work(), live() {}, warn() {} },
    signal: new AbortController().signal,
  })
}
