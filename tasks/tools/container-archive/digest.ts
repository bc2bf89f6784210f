import { createHash } from 'node:crypto'

/** The only algorithm that Docker uses; the OCI image specification also allows sha512, which no tool writes. */
export const digestPattern = /^sha256:[0-9a-f]{64}$/

/** `sha256:` and 64 hexadecimal digits. */
export function digestOf(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

export function hexOf(digest: string): string {
  return digest.slice('sha256:'.length)
}

/** Measures size and digest of content as it passes. */
export class Measured {
  readonly #hash = createHash('sha256')
  bytes = 0

  add(piece: Buffer): void {
    this.#hash.update(piece)
    this.bytes += piece.length
  }

  /** Call it once. */
  digest(): string {
    return `sha256:${this.#hash.digest('hex')}`
  }
}
