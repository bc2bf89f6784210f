import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/**
 * The Node in images, as published by nodejs.org: SHA-256 of the archives, from that release's SHASUMS256.txt, and of
 * `bin/node` inside each. `sh app/official-node.sh VERSION` prints them; SECURITY.md says what was verified.
 */
export const officialNode = {
  version: '24.21.0',
  x64: {
    archive: 'fd8e59d5a511510f6a298afb548f18c7d2b1be404d8b4a27d94fbe49f56cb2d6',
    binary: '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c',
  },
  arm64: {
    archive: '6ad1325edbdb5649c379b75a237147a666c95d4f9ae8d340fef2d1575d289ad2',
    binary: '0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584',
  },
} as const

/** A `node` on disk, with what it reports about itself. */
export interface FoundNode {
  readonly path: string
  readonly version: string
  readonly arch: 'x64' | 'arm64'
}

/**
 * How a Node differs from the official one; undefined when it does not. Reads the whole file: takes a few tenths of a second.
 */
export async function nodeFault({ path, version, arch }: FoundNode): Promise<string | undefined> {
  if (version !== officialNode.version) {
    return `Node ${version} in ${path}: app/official-node.ts has only the checksum of ${officialNode.version}`
  }
  const found = await sha256(path)
  if (found === officialNode[arch].binary) return undefined
  return `${path} is not the official Node ${version}: its SHA-256 is ${found}, expected ${officialNode[arch].binary}`
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}
