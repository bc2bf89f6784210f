import { blobOf, type Candidate, documentIn, factsIn } from './candidate.ts'
import type { Contents } from './contents.ts'
import { refusal } from './refusal.ts'

interface Descriptor {
  readonly mediaType?: unknown
  readonly digest?: unknown
  readonly size?: unknown
  readonly platform?: { readonly architecture?: unknown; readonly os?: unknown }
  readonly annotations?: Readonly<Record<string, unknown>>
}

/** The images of an OCI layout (OCI image specification, image-layout.md); `undefined` for an archive of another layout. */
export function ociImages(contents: Contents): Candidate[] | undefined {
  const index = contents.file('index.json')
  if (index === undefined) return undefined
  return imagesOf(contents, documentIn(contents, index), 0)
}

function imagesOf(contents: Contents, index: unknown, depth: number): Candidate[] {
  const { manifests } = (index ?? {}) as { manifests?: unknown }
  if (!Array.isArray(manifests)) throw refusal(contents.path, 'its index.json lists no manifests')
  const known = new Set<string>()
  return manifests.flatMap((descriptor: Descriptor | null) => {
    const tag = descriptor?.annotations?.['org.opencontainers.image.ref.name']
    return reached(contents, descriptor ?? {}, depth)
      .filter(({ config }) => {
        // The same image under several names counts once.
        const isNew = !known.has(config.digest)
        known.add(config.digest)
        return isNew
      })
      .map((candidate) => (typeof tag === 'string' ? { ...candidate, tags: [tag] } : candidate))
  })
}

/** A nested index is one image for several platforms. */
function reached(contents: Contents, descriptor: Descriptor, depth: number): Candidate[] {
  if (isAttestation(descriptor)) return []
  const type = String(descriptor.mediaType)
  const isIndex = /image\.index\.v1|manifest\.list\.v2/.test(type)
  // docker save and ctr write an index of all platforms, even when they have the content of only some.
  if (depth > 0 && !isHere(contents, descriptor)) return []
  const what = isIndex ? 'an index' : 'the manifest'
  const document = documentIn(contents, blobOf(contents, descriptor.digest, what, descriptor.size))
  if (isIndex && depth < 4) return imagesOf(contents, document, depth + 1)
  return candidate(contents, document as Manifest)
}

function isHere(contents: Contents, { digest }: Descriptor): boolean {
  return contents.file(`blobs/${String(digest).replace(':', '/')}`) !== undefined
}

/** BuildKit's attestation of how an image was built. */
function isAttestation({ annotations, platform }: Descriptor): boolean {
  const kind = annotations?.['vnd.docker.reference.type']
  return kind === 'attestation-manifest' || (platform?.architecture === 'unknown' && platform.os === 'unknown')
}

interface Manifest {
  readonly config?: Descriptor
  readonly layers?: unknown
}

/** Undefined for anything but an image, such as a Helm chart or a signature. */
function candidate(contents: Contents, manifest: Manifest | null): Candidate[] {
  if (!/image\.config\.v1|container\.image\.v1/.test(String(manifest?.config?.mediaType))) return []
  const config = blobOf(contents, manifest?.config?.digest, 'the config', manifest?.config?.size)
  const layers = () => {
    if (!Array.isArray(manifest?.layers)) throw refusal(contents.path, 'its manifest lists no layers')
    return manifest.layers.map((layer: Descriptor | null, index: number) =>
      blobOf(contents, layer?.digest, `layer ${index + 1}`, layer?.size),
    )
  }
  return [{ config, facts: factsIn(contents, config), tags: [], layers }]
}
