import type { FileHandle } from 'node:fs/promises'
import { Header } from 'tar'
import { Measured } from './digest.ts'
import { writeAt } from './draft-file.ts'

export const blockBytes = 512

/** The end of a member whose header is at `position`, rounded up to a block. */
export function endOfMember(position: number, bytes: number): number {
  return position + blockBytes + Math.ceil(bytes / blockBytes) * blockBytes
}

/**
 * Writes a member whose header is at `position` of a new file. The header is written last, so that its name may depend on the
 * content, which is read only once. Between two members the file has a hole, which reads as zeros.
 */
export async function writeMember(
  file: FileHandle,
  position: number,
  content: Iterable<Buffer> | AsyncIterable<Buffer>,
  nameOf: (digest: string) => string,
): Promise<{ digest: string; bytes: number; end: number }> {
  const measured = new Measured()
  for await (const piece of content) {
    await writeAt(file, piece, position + blockBytes + measured.bytes)
    measured.add(piece)
  }
  const digest = measured.digest()
  await writeAt(file, memberHeader(nameOf(digest), measured.bytes), position)
  return { digest, bytes: measured.bytes, end: endOfMember(position, measured.bytes) }
}

/** Two blocks of zeros. */
export async function endTar(file: FileHandle, position: number): Promise<void> {
  await file.truncate(position + 2 * blockBytes)
}

/** The same in every run. From 8 GiB on the size is binary, which GNU tar and Go can read. */
function memberHeader(path: string, size: number): Buffer {
  const header = new Header({ path, size, type: 'File', mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) })
  const block = Buffer.alloc(blockBytes)
  header.encode(block)
  return block
}
