import { createHash } from 'node:crypto'

/** The one algorithm that Docker uses; the OCI image specification allows sha512 too, which nothing writes. */
export const digestPattern = /^sha256:[0-9a-f]{64}$/

/** `sha256:` and 64 hexadecimal digits. */
export function digestOf(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

export function hexOf(digest: string): string {
  return digest.slice('sha256:'.length)
}

/** A content whose size and digest are taken while it passes by. */
export class Measured {
  readonly #hash = createHash('sha256')
  bytes = 0

  add(piece: Buffer): void {
    this.#hash.update(piece)
    this.bytes += piece.length
  }

  /** Only once. */
  digest(): string {
    return `sha256:${this.#hash.digest('hex')}`
  }
}
