import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OperatorError } from '../lib/errors.ts'

export interface VendorRepository {
  readonly vendor: string
  readonly uri: string
  readonly keyUrl: string
  /** Of the only accepted primary key: 40 hexadecimal digits. */
  readonly fingerprint: string
  readonly keyring: string
  readonly sourceList: string
  /** The vendor's instructions for installing by hand. */
  readonly guide: string
}

/**
 * From https://developer.hashicorp.com/packer/install; the fingerprint from https://www.hashicorp.com/trust/security.
 */
export const hashicorpRepository: VendorRepository = {
  vendor: 'HashiCorp',
  uri: 'https://apt.releases.hashicorp.com',
  keyUrl: 'https://apt.releases.hashicorp.com/gpg',
  fingerprint: '798AEC654E5C15428C8E42EEAA16FCBCA621E701',
  keyring: '/usr/share/keyrings/hashicorp-archive-keyring.gpg',
  sourceList: '/etc/apt/sources.list.d/hashicorp.list',
  guide: 'https://developer.hashicorp.com/packer/install',
}

/** The apt source list line for one release of Debian or Ubuntu. */
export function sourceLine({ keyring, uri }: VendorRepository, codename: string): string {
  return `deb [arch=amd64 signed-by=${keyring}] ${uri} ${codename} main\n`
}

/**
 * Adds the repository to apt unless it is there. `run` runs a command as root. Throws an OperatorError, before any
 * change, when the key cannot be fetched or is not the expected one.
 */
export async function addRepository(
  repository: VendorRepository,
  codename: string,
  run: (argv: readonly string[]) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const { keyring, sourceList } = repository
  if (existsSync(sourceList)) return
  const key = await fetchKey(repository, signal)
  const folder = await mkdtemp(join(tmpdir(), 'bakeroll-apt-'))
  try {
    await writeFile(join(folder, 'key'), key)
    await writeFile(join(folder, 'list'), sourceLine(repository, codename))
    await run(['install', '-m', '0644', '-o', 'root', '-g', 'root', '-D', join(folder, 'key'), keyring])
    await run(['install', '-m', '0644', '-o', 'root', '-g', 'root', '-D', join(folder, 'list'), sourceList])
  } finally {
    await rm(folder, { recursive: true })
  }
}

const fetchSeconds = 30

async function fetchKey(repository: VendorRepository, signal?: AbortSignal): Promise<Buffer> {
  const { keyUrl, vendor, guide, fingerprint } = repository
  const hint = `check the network, or install Packer by hand: ${guide}`
  const limit = AbortSignal.timeout(fetchSeconds * 1000)
  let text: string
  try {
    const answer = await fetch(keyUrl, { signal: signal ? AbortSignal.any([signal, limit]) : limit })
    if (!answer.ok) throw new Error(`status ${answer.status}`)
    text = await answer.text()
  } catch (cause) {
    if (signal?.aborted) throw new OperatorError('interrupted', 'interrupted while fetching a key', { cause })
    const reason = ((cause as Error).cause as Error | undefined)?.message ?? (cause as Error).message
    throw new OperatorError('failed', `the key of ${vendor}'s apt repository, ${keyUrl}: ${reason}`, { hint, cause })
  }
  const key = withoutArmour(text)
  const found = primaryFingerprints(key)
  if (found.length === 1 && found[0] === fingerprint) return key
  const is = found.length === 0 ? 'is no OpenPGP key' : `has the fingerprint ${found.join(', ')}`
  throw new OperatorError('failed', `the key at ${keyUrl} ${is}, expected ${fingerprint}: it is not used`, { hint })
}

/** The bytes of an armoured key (RFC 9580, 6.2); empty without armour. */
export function withoutArmour(text: string): Buffer {
  const block =
    /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:.+\r?\n)*?\r?\n([A-Za-z0-9+/=\r\n]+?)(?:\r?\n=[A-Za-z0-9+/]{4})?\r?\n-----END/.exec(
      text,
    )
  return Buffer.from(block?.[1] ?? '', 'base64')
}

/** The fingerprints of the primary keys, version 4, among OpenPGP packets (RFC 9580, 4.2 and 5.5.4.2). */
export function primaryFingerprints(packets: Buffer): string[] {
  const fingerprints: string[] = []
  for (let at = 0; at < packets.length; ) {
    const packet = packetAt(packets, at)
    if (packet === undefined) return []
    const { tag, body } = packet
    if (tag === publicKey && body[0] === 4) {
      const head = Buffer.from([0x99, body.length >> 8, body.length & 0xff])
      fingerprints.push(createHash('sha1').update(head).update(body).digest('hex').toUpperCase())
    }
    at = packet.end
  }
  return fingerprints
}

const publicKey = 6

/** Undefined when the bytes are not a complete packet. */
function packetAt(bytes: Buffer, at: number): { tag: number; body: Buffer; end: number } | undefined {
  const head = bytes[at] ?? 0
  if ((head & 0x80) === 0) return undefined
  const isNew = (head & 0x40) !== 0
  const tag = isNew ? head & 0x3f : (head >> 2) & 0x0f
  const length = isNew ? newLength(bytes, at + 1) : oldLength(bytes, at + 1, head & 3)
  if (length === undefined || length.from + length.size > bytes.length) return undefined
  const end = length.from + length.size
  return { tag, body: bytes.subarray(length.from, end), end }
}

function newLength(bytes: Buffer, at: number): { from: number; size: number } | undefined {
  const [first = 0, second = 0] = bytes.subarray(at, at + 2)
  if (first < 192) return { from: at + 1, size: first }
  if (first < 224) return { from: at + 2, size: (first - 192) * 256 + second + 192 }
  return first === 255 && at + 5 <= bytes.length ? { from: at + 5, size: bytes.readUInt32BE(at + 1) } : undefined
}

function oldLength(bytes: Buffer, at: number, kind: number): { from: number; size: number } | undefined {
  const octets = [1, 2, 4][kind]
  if (octets === undefined || at + octets > bytes.length) return undefined
  return { from: at + octets, size: bytes.readUIntBE(at, octets) }
}
