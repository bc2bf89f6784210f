import type { Candidate } from './candidate.ts'
import { type Contents, readContents, type StoredFile } from './contents.ts'
import { dockerImages } from './docker-layout.ts'
import type { ContainerImage } from './image.ts'
import { ociImages } from './oci-layout.ts'
import { refusal } from './refusal.ts'
import { quoted } from './tar-members.ts'

/** An archive that was read completely and is valid. */
export interface ContainerArchive {
  readonly path: string
  readonly image: ContainerImage
  /** The image's name in the archive; may be empty. */
  readonly tags: readonly string[]
  /** The bytes whose digest is the image's id. */
  readonly config: Buffer
  /** The members that hold the layers, in the order of `image.layers`; one member may hold several. */
  readonly members: readonly Pick<StoredFile, 'name' | 'compression'>[]
}

/** Requirements for an archive. */
export interface Wanted {
  /** Selects one of several images; no other platform is accepted. Without it, there must be exactly one image. */
  readonly architecture?: string | undefined
  /** Maximum size of all layers, unpacked; 16 GiB by default. */
  readonly mostBytes?: number | undefined
}

/**
 * Reads a container archive, of `docker save` (1.10 and later) or an OCI layout, plain or compressed with gzip or zstd, as a whole
 * or layer by layer. Reads it once, piece by piece, and verifies every digest, and the layers against the config's diffIDs.
 * Refuses an unusable archive with an OperatorError; writes nothing.
 */
export async function readContainerArchive(path: string, wanted: Wanted = {}): Promise<ContainerArchive> {
  const contents = await readContents(path, wanted.mostBytes ?? 16 * 1024 ** 3)
  const found = chosen(contents, imagesIn(contents), wanted.architecture)
  const { diffIds, ...facts } = found.facts
  const files = found.layers()
  if (files.length !== diffIds.length) {
    throw refusal(path, `it lists ${files.length} layers where its config names ${diffIds.length}`)
  }
  const layers = files.map((file, index) => {
    assertLayer(path, file, { number: index + 1, of: files.length, diffId: diffIds[index] ?? '' })
    return { diffId: file.plain.digest, bytes: file.plain.bytes }
  })
  const config = found.config.text ?? Buffer.alloc(0)
  return {
    path,
    image: { id: found.config.digest, ...facts, layers },
    tags: found.tags,
    config,
    members: files.map(({ name, compression }) => ({ name, compression })),
  }
}

/** Docker 25 and later writes both layouts into one archive, for the same image. */
function imagesIn(contents: Contents): Candidate[] {
  const found = dockerImages(contents) ?? ociImages(contents)
  if (found !== undefined) return found
  const isOld = contents.file('repositories') !== undefined
  throw refusal(
    contents.path,
    isOld
      ? 'it has no manifest.json: Docker before 1.10 wrote it'
      : 'it is no container archive: it has neither manifest.json nor index.json',
  )
}

function chosen(contents: Contents, all: readonly Candidate[], architecture: string | undefined): Candidate {
  const fitting = all.filter(
    ({ facts }) => facts.os === 'linux' && facts.architecture === (architecture ?? facts.architecture),
  )
  const [found, second] = fitting
  if (found !== undefined && second === undefined) return found
  if (all.length === 0) throw refusal(contents.path, 'it holds no image')
  const names = all.map(described).join(', ')
  if (found === undefined) {
    const needed = `linux/${architecture ?? '*'}`
    throw refusal(
      contents.path,
      `its image is for another platform: ${names}; ${needed} is needed`,
      architecture && `docker build --platform linux/${architecture} makes one, image.architecture names another`,
    )
  }
  throw refusal(
    contents.path,
    `it holds ${fitting.length} images: ${names}`,
    'docker save with the name of one image writes one',
  )
}

function described({ facts, tags, config }: Candidate): string {
  const name = tags[0] === undefined ? config.digest.slice(0, 19) : quoted(tags[0])
  return `${name} (${quoted(`${facts.os}/${facts.architecture}`).slice(1, -1)})`
}

function assertLayer(
  path: string,
  file: StoredFile,
  { number, of, diffId }: { number: number; of: number; diffId: string },
): void {
  const layer = `layer ${number} of ${of}, ${quoted(file.name)}`
  if (file.fault !== undefined) throw refusal(path, `${layer}: ${file.fault}`)
  if (file.plain.digest !== diffId) {
    throw refusal(
      path,
      `${layer}, has the digest ${file.plain.digest} where the config says ${diffId}: it was changed or damaged`,
    )
  }
  if (!file.plain.isTar) throw refusal(path, `${layer}, is no tar`)
}
