import { open } from 'node:fs/promises'
import { Header } from 'tar'
import { type Compression, compressionOf, foreignFormatOf, unpacked } from './compression.ts'
import { Measured } from './digest.ts'
import { refusal } from './refusal.ts'
import { eachMember, quoted, TarFault } from './tar-members.ts'

/** A file in an archive, read once from start to end. */
export interface StoredFile {
  readonly name: string
  readonly bytes: number
  readonly digest: string
  readonly compression: Compression | undefined
  /** Decompressed. */
  readonly plain: { readonly bytes: number; readonly digest: string; readonly isTar: boolean }
  /** Why it cannot be decompressed; `plain` then covers the part before the error. */
  readonly fault: string | undefined
  /** The bytes of a possible JSON document. */
  readonly text: Buffer | undefined
}

/** Everything in an archive, by name; links are followed. */
export interface Contents {
  readonly path: string
  file(name: string): StoredFile | undefined
}

/** A larger JSON document does not belong to a container image, and is not kept. */
const documentBytes = 4 * 1024 * 1024
const allDocumentBytes = 64 * 1024 * 1024

/** Visits the members of an archive in order, decompressed; faults are refusals. */
export async function eachArchiveMember(path: string, visit: Parameters<typeof eachMember>[1]): Promise<void> {
  const compression = compressionOf(await startOf(path))
  const file = await open(path)
  const stored = file.createReadStream({ highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>
  try {
    await eachMember(compression ? unpacked(stored, compression) : stored, visit)
  } catch (error) {
    if (error instanceof TarFault) throw refusal(path, error.message, undefined, error)
    const fault = compression && compressionFault(error, compression)
    throw fault === undefined ? error : refusal(path, fault, undefined, error)
  } finally {
    await file.close().catch(() => {})
  }
}

/** Reads an archive once, in little memory whatever its size. Refuses to unpack more than `mostBytes`. */
export async function readContents(path: string, mostBytes: number): Promise<Contents> {
  const files = new Map<string, StoredFile>()
  const links = new Map<string, string>()
  const room = { bytes: mostBytes, documentBytes: allDocumentBytes }
  await eachArchiveMember(path, async (member, content) => {
    if (member.kind === 'folder') return
    const { name } = member
    if (member.kind === 'link') {
      if (files.has(name) || (links.has(name) && links.get(name) !== member.target)) throw twice(name)
      links.set(name, member.target)
      return
    }
    const file = await read(name, content, room)
    if (links.has(name) || (files.has(name) && files.get(name)?.digest !== file.digest)) throw twice(name)
    files.set(name, file)
  })
  return { path, file: (name) => files.get(followed(name, links)) }
}

function twice(name: string): TarFault {
  return new TarFault(`it holds two different members ${quoted(name)}`)
}

/** Links in a circle lead to nothing. */
function followed(name: string, links: ReadonlyMap<string, string>): string {
  let target = name
  for (let steps = 0; steps < 8; steps += 1) target = links.get(target) ?? target
  return target
}

async function read(
  name: string,
  content: AsyncIterable<Buffer>,
  room: { bytes: number; documentBytes: number },
): Promise<StoredFile> {
  const pieces = content[Symbol.asyncIterator]()
  const start = await firstBytes(pieces)
  const compression = compressionOf(start)
  const stored = new Measured()
  const plain = new Measured()
  const beginning: Buffer[] = []
  const kept: Buffer[] = []
  let isKept = /^\s*[[{]/.test(start.toString('latin1', 0, 16))
  const addStored = (piece: Buffer) => {
    stored.add(piece)
    isKept &&= stored.bytes <= documentBytes && stored.bytes <= room.documentBytes
    if (isKept) kept.push(piece)
  }
  const addPlain = (piece: Buffer) => {
    plain.add(piece)
    if (plain.bytes - piece.length < blockBytes) beginning.push(piece.subarray(0, blockBytes))
    if (plain.bytes > room.bytes) throw new TarFault(`unpacked it is larger than allowed, at member ${quoted(name)}`)
  }
  async function* all(): AsyncGenerator<Buffer> {
    addStored(start)
    yield start
    for await (const piece of { [Symbol.asyncIterator]: () => pieces }) {
      addStored(piece)
      yield piece
    }
  }
  const fault = await drain(compression ? unpacked(all(), compression) : all(), addPlain, compression)
  if (fault === undefined) room.bytes -= plain.bytes
  if (isKept) room.documentBytes -= stored.bytes
  const digest = stored.digest()
  return {
    name,
    bytes: stored.bytes,
    digest,
    compression,
    plain: {
      bytes: plain.bytes,
      digest: compression ? plain.digest() : digest,
      isTar: startsTar(Buffer.concat(beginning)),
    },
    fault,
    text: isKept ? Buffer.concat(kept) : undefined,
  }
}

/** A fault of the compression; the member may not belong to the image. */
async function drain(
  content: AsyncIterable<Buffer>,
  add: (piece: Buffer) => void,
  compression: Compression | undefined,
): Promise<string | undefined> {
  try {
    for await (const piece of content) add(piece)
    return undefined
  } catch (error) {
    const fault = compression && compressionFault(error, compression)
    if (fault === undefined) throw error
    return fault
  }
}

function compressionFault(error: unknown, compression: Compression): string | undefined {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'Z_BUF_ERROR') return `its ${compression} data end early`
  return /^(Z_|ERR_|ZSTD_)/.test(code ?? '') ? `its ${compression} data are damaged (${message})` : undefined
}

const blockBytes = 512

function startsTar(beginning: Buffer): boolean {
  if (beginning.length < blockBytes) return false
  const header = new Header(beginning)
  return header.cksumValid || header.nullBlock
}

/** Enough to recognise the format. */
async function firstBytes(pieces: AsyncIterator<Buffer>): Promise<Buffer> {
  let start: Buffer = Buffer.alloc(0)
  while (start.length < 16) {
    const { done, value } = await pieces.next()
    if (done) break
    start = start.length === 0 ? value : Buffer.concat([start, value])
  }
  return start
}

async function startOf(path: string): Promise<Buffer> {
  const start = Buffer.alloc(16)
  const bytes = await readStart(path, start)
  if (bytes === 0) throw refusal(path, 'it is empty')
  const format = foreignFormatOf(start)
  if (format !== undefined) {
    throw refusal(path, `it is ${format}`, 'a container archive is a tar, plain or compressed by gzip or zstd')
  }
  return start.subarray(0, bytes)
}

async function readStart(path: string, start: Buffer): Promise<number> {
  try {
    await using file = await open(path)
    if ((await file.stat()).isDirectory()) {
      const hint = 'a folder with an OCI layout is made an archive by "tar --create --file FILE --directory FOLDER ."'
      throw refusal(path, 'it is a folder', hint)
    }
    return (await file.read(start, 0, start.length, 0)).bytesRead
  } catch (cause) {
    const fault = openFaults[(cause as NodeJS.ErrnoException).code ?? '']
    throw fault === undefined ? cause : refusal(path, fault, undefined, cause)
  }
}

const openFaults: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'no permission to read it',
  ELOOP: 'its links lead in a circle',
}
