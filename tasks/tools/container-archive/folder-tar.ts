import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Header, Pax } from 'tar'
import { blockBytes } from './tar-file.ts'

/**
 * A folder as a tar: names in code point order, owned by root, all with the same time; modes and links
 * unchanged. The same content gives the same bytes. Throws for a device, a socket or a pipe.
 */
export async function* folderTar(folder: string): AsyncGenerator<Buffer> {
  for await (const name of namesIn(folder, '')) yield* member(folder, name)
  yield Buffer.alloc(2 * blockBytes)
}

/** A folder comes before its content. */
async function* namesIn(root: string, folder: string): AsyncGenerator<string> {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  const sorted = entries.sort((left, right) => Buffer.compare(Buffer.from(left.name), Buffer.from(right.name)))
  for (const entry of sorted) {
    const name = `${folder}${entry.name}`
    yield name
    if (entry.isDirectory()) yield* namesIn(root, `${name}/`)
  }
}

async function* member(root: string, name: string): AsyncGenerator<Buffer> {
  const path = join(root, name)
  const found = await lstat(path)
  const mode = found.mode & 0o7777
  if (found.isDirectory()) yield* headers({ path: `${name}/`, mode, size: 0, type: 'Directory' })
  else if (found.isSymbolicLink()) {
    yield* headers({ path: name, mode: 0o777, size: 0, type: 'SymbolicLink', linkpath: await readlink(path) })
  } else if (found.isFile()) {
    yield* headers({ path: name, mode, size: found.size, type: 'File' })
    yield* fileBlocks(path, found.size)
  } else throw new Error(`${path} is no file, folder or link`)
}

async function* fileBlocks(path: string, size: number): AsyncGenerator<Buffer> {
  let bytes = 0
  if (size > 0) {
    for await (const piece of createReadStream(path, { highWaterMark: 256 * 1024 })) {
      bytes += piece.length
      yield piece
    }
  }
  if (bytes !== size) throw new Error(`${path} was changed while it was read`)
  yield Buffer.alloc(-size & (blockBytes - 1))
}

interface MemberFacts {
  readonly path: string
  readonly mode: number
  readonly size: number
  readonly type: 'Directory' | 'File' | 'SymbolicLink'
  readonly linkpath?: string
}

/** A long or non-ASCII name needs an extra header (POSIX pax) before the usual one. */
function* headers({ path, mode, size, type, linkpath }: MemberFacts): Generator<Buffer> {
  const header = new Header({
    path,
    mode,
    size,
    type,
    linkpath,
    uid: 0,
    gid: 0,
    mtime: new Date(0),
  } as ConstructorParameters<typeof Header>[0])
  const block = Buffer.alloc(blockBytes)
  if (header.encode(block)) {
    const long = { path, size, ...(linkpath === undefined ? {} : { linkpath }) }
    yield new Pax(long).encode()
  }
  yield block
}
