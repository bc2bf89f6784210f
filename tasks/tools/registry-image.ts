import { createHash } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { printableLine } from '../../checker/formatters/printable.ts'
import { shellWord } from '../../checker/shell-word.ts'
import { OperatorError } from '../lib/errors.ts'
import { type ContainerArchive, readContainerArchive } from './container-archive/read.ts'
import { isMissing, runToEnd } from './run-to-end.ts'

/** The location of a container image in a registry. */
export interface ImageReference {
  /** `debian`, `ghcr.io/acme/shop`, `127.0.0.1:5000/shop`. */
  readonly repository: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

/** An image stored in the home. */
export interface FetchedImage {
  readonly archive: ContainerArchive
  /** Identifies the image permanently: `sha256:` and 64 hexadecimal digits of its manifest or index. */
  readonly digest: string
  /** `REPOSITORY@DIGEST`. */
  readonly pinned: string
}

export interface Fetching {
  readonly architecture: string
  /** In the home. */
  readonly folder: string
  readonly signal?: AbortSignal | undefined
  readonly onLine?: ((line: string) => void) | undefined
}

/** Docker's grammar of references, without a scheme. */
const repositoryPattern =
  /^(?:(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d{1,5})?\/)?[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*$/

/** Parses a reference such as `ghcr.io/acme/shop:1.2` or `ghcr.io/acme/shop@sha256:...`; throws when it is invalid. */
export function parseReference(text: string): ImageReference {
  const [, repository = '', tag, digest] =
    /^(.+?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? []
  if (repositoryPattern.test(repository)) return { repository, tag, digest }
  throw new OperatorError('usage', `"${printableLine(text)}" is no reference to a container image`, {
    hint: 'as docker pull takes it: ghcr.io/acme/shop:1.2, or ghcr.io/acme/shop@sha256: and 64 hexadecimal digits; no https://, no capitals',
  })
}

/** The skopeo command that prints the manifest or index as stored in the registry. */
export function manifestArguments(reference: ImageReference): string[] {
  return [
    'skopeo',
    '--command-timeout=1m',
    'inspect',
    ...(isLoopback(reference) ? ['--tls-verify=false'] : []),
    '--raw',
    source(reference),
  ]
}

/** The skopeo command that writes one image as an archive. skopeo finds the user's credentials itself. */
export function copyArguments(reference: ImageReference, architecture: string, file: string): string[] {
  const platform = ['--override-os=linux', `--override-arch=${architecture}`]
  const plainHttp = isLoopback(reference) ? ['--src-tls-verify=false'] : []
  return [
    'skopeo',
    '--command-timeout=30m',
    ...platform,
    'copy',
    ...plainHttp,
    source(reference),
    `docker-archive:${file}`,
  ]
}

/**
 * Fetches an image unless the home has it; asks the registry for the digest first, unless the reference contains it. The image
 * is stored by digest and architecture, and verified each time.
 */
export async function fetchImage(text: string, fetching: Fetching): Promise<FetchedImage> {
  const reference = parseReference(text)
  const digest = reference.digest ?? (await currentDigest(reference, fetching))
  const pinned = `${reference.repository}@${digest}`
  const { architecture, folder } = fetching
  const kept = keptFile(folder, digest, architecture)
  const archive = (await readKept(kept, architecture)) ?? (await fetched({ ...reference, digest }, kept, fetching))
  return { archive, digest, pinned }
}

/** The stored image of a reference with a digest, if any. */
export async function keptImage(
  text: string,
  { architecture, folder }: Fetching,
): Promise<ContainerArchive | undefined> {
  const { digest } = parseReference(text)
  return digest === undefined ? undefined : readKept(keptFile(folder, digest, architecture), architecture)
}

function keptFile(folder: string, digest: string, architecture: string): string {
  return join(folder, `${digest.replace('sha256:', '')}.${architecture}.tar`)
}

async function currentDigest(reference: ImageReference, { signal }: Fetching): Promise<string> {
  const { $ } = await import('zx/core')
  signal?.throwIfAborted()
  const ended = await $({
    quiet: true,
    nothrow: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })`exec ${manifestArguments(reference)}`
  if (signal?.aborted) throw new OperatorError('interrupted', 'the fetch of the container image was stopped')
  if (!ended.ok) {
    const isAbsent = isMissing('skopeo', { exitCode: ended.exitCode, stdout: ended.stderr })
    throw fetchError(reference, isAbsent ? 'skopeo is not installed' : ended.stderr, ended)
  }
  return `sha256:${createHash('sha256').update(ended.buffer()).digest('hex')}`
}

/** A damaged file is fetched again. */
async function readKept(path: string, architecture: string): Promise<ContainerArchive | undefined> {
  try {
    return await readContainerArchive(path, { architecture })
  } catch (error) {
    if (error instanceof OperatorError) return undefined
    throw error
  }
}

async function fetched(
  reference: ImageReference,
  kept: string,
  { architecture, folder, signal, onLine }: Fetching,
): Promise<ContainerArchive> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Without a colon, at which skopeo would end the file name.
  const draft = join(folder, `.fetched.${process.pid}.tar`)
  try {
    await rm(draft, { force: true })
    const argv = copyArguments(reference, architecture, draft)
    const stopped = 'the fetch of the container image was stopped'
    const ended = await runToEnd(argv, onLine === undefined ? { signal, stopped } : { signal, stopped, onLine })
    if (ended.failed) throw fetchError(reference, ended.said, ended.cause)
    const archive = await readContainerArchive(draft, { architecture })
    await rename(draft, kept)
    return { ...archive, path: kept }
  } finally {
    await rm(draft, { force: true })
  }
}

/** skopeo's message, and what to do about it. */
export function fetchError(reference: ImageReference, said: string, cause?: unknown): OperatorError {
  const lines = said.trim().split('\n')
  const words = lines.findLast((line) => /level=fatal/.test(line)) ?? lines.at(-1) ?? ''
  const reason = printableLine(/msg="((?:[^"\\]|\\.)*)"/.exec(words)?.[1]?.replaceAll('\\"', '"') ?? words)
  const host = registryOf(reference)
  const known = refusals.find(({ pattern }) => pattern.test(reason))
  const message = `${nameOf(reference)} cannot be fetched: ${known?.says(host) ?? 'skopeo failed'} (${reason})`
  return new OperatorError('failed', message, {
    hint: known?.hint(host, reference) ?? 'skopeo inspect says more',
    cause,
  })
}

/** The first match counts. Registries report a missing image as forbidden, so as not to reveal which images exist. */
const refusals: readonly {
  readonly pattern: RegExp
  says(host: string): string
  hint(host: string, reference: ImageReference): string
}[] = [
  {
    pattern: /skopeo is not installed/,
    says: () => 'a program is missing',
    hint: () => 'sudo apt-get install --no-install-recommends skopeo',
  },
  {
    pattern: /no image found in (?:manifest list|image index)|no image found .*architecture/i,
    says: () => 'it has no image for this architecture',
    hint: (_host, reference) => `skopeo inspect --raw ${shellWord(source(reference))} lists those it has`,
  },
  {
    pattern: /manifest unknown|name unknown|not found|\b404\b/i,
    says: (host) => `${host} has no such image`,
    hint: () => 'look at name, tag and digest of service.image',
  },
  {
    pattern: /unauthorized|authentication required|denied|forbidden|\b40[13]\b|credential/i,
    says: (host) => `${host} refuses`,
    hint: (host) =>
      `skopeo login ${shellWord(host)}, or docker login; an image that is not there is refused in the same words`,
  },
  {
    pattern: /x509|certificate|HTTP response to HTTPS|tls:/i,
    says: (host) => `${host} has no certificate that this computer trusts`,
    hint: (host) => `lay its authority into /etc/containers/certs.d/${host}/ca.crt`,
  },
  {
    pattern:
      /connection refused|no such host|timeout|deadline exceeded|unreachable|dial tcp|server misbehaving|EOF|reset by peer/i,
    says: (host) => `${host} does not answer`,
    hint: (host) => `is ${host} right, and can this computer reach it? service.archive needs no registry`,
  },
]

function nameOf({ repository, tag, digest }: ImageReference): string {
  return digest === undefined ? `${repository}:${tag ?? 'latest'}` : `${repository}@${digest}`
}

/** skopeo accepts a tag or a digest, not both. */
function source(reference: ImageReference): string {
  return `docker://${nameOf(reference)}`
}

/** Docker's rule for whether the first part of a name is a host. */
function registryOf({ repository }: ImageReference): string {
  const [first = '', ...rest] = repository.split('/')
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : 'docker.io'
}

/** As in Docker, a registry on this computer may use plain HTTP. */
function isLoopback(reference: ImageReference): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(registryOf(reference))
}
