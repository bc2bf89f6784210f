import type { Contents, StoredFile } from './contents.ts'
import { digestPattern } from './digest.ts'
import { ConfigFault, type ImageConfig, parseConfig } from './image-config.ts'
import { refusal } from './refusal.ts'
import { quoted } from './tar-members.ts'

/** One of the images in an archive, before its layers are read. */
export interface Candidate {
  readonly config: StoredFile
  readonly facts: ImageConfig
  readonly tags: readonly string[]
  /** In the order of the archive's list, the lowest first. */
  layers(): StoredFile[]
}

/** Parses a member as JSON. */
export function documentIn(contents: Contents, file: StoredFile): unknown {
  try {
    if (file.text !== undefined) return JSON.parse(file.text.toString('utf8'))
  } catch (cause) {
    throw refusal(contents.path, `${quoted(file.name)} is no JSON document`, undefined, cause)
  }
  throw refusal(contents.path, `${quoted(file.name)}, of ${file.bytes} bytes, is no JSON document of a container image`)
}

/** Parses a config; refuses one whose name is not its digest. */
export function factsIn(contents: Contents, file: StoredFile): ImageConfig {
  const named = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(file.name)?.[1]
  if (named !== undefined && file.digest !== `sha256:${named}`) throw liesAbout(contents, file, `sha256:${named}`)
  try {
    return parseConfig(documentIn(contents, file))
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error
    throw refusal(contents.path, `its config ${quoted(file.name)} ${error.message}`, undefined, error)
  }
}

/** Follows a digest in an OCI layout (image-layout.md); refuses content with another digest or size. */
export function blobOf(contents: Contents, digest: unknown, what: string, bytes?: unknown): StoredFile {
  if (typeof digest !== 'string' || !digestPattern.test(digest)) {
    throw refusal(
      contents.path,
      `the digest of ${what} is ${quoted(String(digest))}, not sha256: and 64 hexadecimal digits`,
    )
  }
  const file = contents.file(`blobs/${digest.replace(':', '/')}`)
  if (file === undefined) {
    throw refusal(
      contents.path,
      `${what}, ${digest}, lies outside of it`,
      'an archive has to hold every layer: make it anew from an image that was pulled whole',
    )
  }
  if (bytes !== undefined && file.bytes !== bytes) {
    throw refusal(contents.path, `${what} has ${file.bytes} bytes where ${String(bytes)} are promised`)
  }
  if (file.digest !== digest) throw liesAbout(contents, file, digest)
  return file
}

function liesAbout(contents: Contents, file: StoredFile, promised: string) {
  return refusal(
    contents.path,
    `${quoted(file.name)} has the digest ${file.digest}, not ${promised}: it was changed or damaged`,
  )
}
