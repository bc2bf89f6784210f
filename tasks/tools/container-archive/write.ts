import type { FileHandle } from 'node:fs/promises'
import { unpacked } from './compression.ts'
import { eachArchiveMember } from './contents.ts'
import { digestOf, hexOf } from './digest.ts'
import { inPlaceOf } from './draft-file.ts'
import type { ContainerArchive } from './read.ts'
import { refusal } from './refusal.ts'
import { endOfMember, endTar, writeMember } from './tar-file.ts'
import { quoted } from './tar-members.ts'

/** The time in our own config, fixed so that the same layers give the same id. */
export const epoch = '1970-01-01T00:00:00Z'

/** Which part of an archive to write. */
export interface Extract {
  /** How many of the lowest layers to leave out, because the daemon has them (`layersPresent`). */
  readonly withoutLowest?: number | undefined
  /** The image's name in Docker, `NAME:TAG`; without it, only its id. */
  readonly tag?: string | undefined
}

/**
 * Writes an archive for `docker load` (20.10 to 27) from any archive that was read, with uncompressed layers. A layer that is
 * left out stays in the list. Image, `withoutLowest` and `tag` determine every byte, whatever archive the
 * image came in. Verifies each layer again; throws when the archive has changed since it was read.
 */
export async function writeDockerArchive(
  archive: ContainerArchive,
  path: string,
  { withoutLowest = 0, tag }: Extract = {},
): Promise<{ bytes: number }> {
  const { layers, id } = archive.image
  const { places, end } = placesOf(archive, withoutLowest)
  return inPlaceOf(path, async (file) => {
    await writeLayers(archive, file, places)
    const names = layers.map(({ diffId }) => layerName(diffId))
    const last = await writeTexts(file, end, { id, config: archive.config, names, tag })
    return { bytes: last }
  })
}

/**
 * Writes an archive with only the lowest layers, as an image that runs nothing: a machine that has it needs only the
 * rest of any image with the same lowest layers. Returns its id, which those layers determine.
 */
export async function writeLowestLayers(
  archive: ContainerArchive,
  path: string,
  { count, tag }: { readonly count: number; readonly tag: string },
): Promise<string> {
  const { architecture, os, layers } = archive.image
  const diffIds = layers.slice(0, count).map(({ diffId }) => diffId)
  const config = Buffer.from(
    JSON.stringify({ architecture, config: {}, created: epoch, os, rootfs: { type: 'layers', diff_ids: diffIds } }),
  )
  const id = digestOf(config)
  const { places, end } = placesOf(archive, 0, count)
  await inPlaceOf(path, async (file) => {
    await writeLayers(archive, file, places)
    return writeTexts(file, end, { id, config, names: diffIds.map(layerName), tag })
  })
  return id
}

/** Writes config and list after the layers, and the end of the tar; returns the file's length. */
export async function writeTexts(
  file: FileHandle,
  position: number,
  image: { id: string; config: Buffer; names: readonly string[]; tag?: string | undefined },
): Promise<number> {
  const configName = `${hexOf(image.id)}.json`
  const config = await writeMember(file, position, [image.config], () => configName)
  const manifest = [{ Config: configName, RepoTags: image.tag === undefined ? null : [image.tag], Layers: image.names }]
  const list = await writeMember(file, config.end, [Buffer.from(JSON.stringify(manifest))], () => 'manifest.json')
  await endTar(file, list.end)
  return list.end + 1024
}

/** The name that skopeo gives it. */
export function layerName(diffId: string): string {
  return `${hexOf(diffId)}.tar`
}

interface Place {
  readonly diffId: string
  readonly position: number
  readonly compression: ContainerArchive['members'][number]['compression']
}

/** Positions of the layers, by the member that holds them; a layer that occurs twice is written once. */
function placesOf(
  { image, members }: ContainerArchive,
  withoutLowest: number,
  below = image.layers.length,
): { places: Map<string, Place>; end: number } {
  const places = new Map<string, Place>()
  const placed = new Set<string>()
  let end = 0
  for (const [index, { diffId, bytes }] of image.layers.entries()) {
    const member = members[index]
    if (index < withoutLowest || index >= below || member === undefined || placed.has(diffId)) continue
    placed.add(diffId)
    places.set(member.name, { diffId, position: end, compression: member.compression })
    end = endOfMember(end, bytes)
  }
  return { places, end }
}

/** Copies in the order of the archive, which may be compressed, to positions computed before. */
async function writeLayers({ path }: ContainerArchive, file: FileHandle, places: Map<string, Place>): Promise<void> {
  const missing = new Map(places)
  if (missing.size > 0) {
    await eachArchiveMember(path, async (member, content) => {
      const place = member.kind === 'file' ? missing.get(member.name) : undefined
      if (place === undefined) return
      missing.delete(member.name)
      const plain = place.compression ? unpacked(content, place.compression) : content
      const { digest } = await writeMember(file, place.position, plain, () => layerName(place.diffId))
      if (digest !== place.diffId) throw changed(path, member.name)
    })
  }
  for (const name of missing.keys()) throw changed(path, name)
}

function changed(path: string, name: string) {
  return refusal(
    path,
    `it was changed after it was read: ${quoted(name)} is another`,
    'run it again when nothing writes there',
  )
}
