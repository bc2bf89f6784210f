import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'

export type Compression = 'gzip' | 'zstd'

/** Detected by the first bytes (RFC 1952, 2.3.1; RFC 8878, 3.1.1); `undefined` for neither of the two. */
export function compressionOf(start: Buffer): Compression | undefined {
  if (start.length >= 2 && start.readUInt16BE(0) === 0x1f8b) return 'gzip'
  if (start.length >= 4 && start.readUInt32LE(0) === 0xfd2fb528) return 'zstd'
  return undefined
}

/** The name of another well-known format, which must be converted first; `undefined` for anything else. */
export function foreignFormatOf(start: Buffer): string | undefined {
  return foreignFormats.find(({ magic }) => start.indexOf(magic, 0, 'latin1') === 0)?.name
}

const foreignFormats = [
  { name: 'xz', magic: '\xfd7zXZ\0' },
  { name: 'bzip2', magic: 'BZh' },
  { name: 'zip', magic: 'PK' },
  { name: 'SquashFS (Singularity, Apptainer)', magic: 'hsqs' },
] as const

/** The decompressed content, piece by piece; an error in it, or in `packed`, is thrown while reading. */
export function unpacked(packed: AsyncIterable<Buffer>, compression: Compression): AsyncIterable<Buffer> {
  const unpacking = compression === 'gzip' ? createGunzip(pieces) : createZstdDecompress(pieces)
  // The reader gets the same error.
  pipeline(packed, unpacking).catch(() => {})
  return unpacking
}

const pieces = { chunkSize: 256 * 1024 }
