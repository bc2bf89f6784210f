/**
 * Why a name has no address, with the codes of Node's own look-up: ENOTFOUND (no such name), ENODATA (no address), EAI_AGAIN
 * (name servers do not answer), EAI_FAIL (they failed).
 */
export class LookUpError extends Error {
  override readonly name = 'LookUpError'
  readonly code: 'ENOTFOUND' | 'ENODATA' | 'EAI_AGAIN' | 'EAI_FAIL'

  constructor(code: LookUpError['code'], host: string, cause?: unknown) {
    super(`look-up of ${host}: ${code}`, { cause })
    this.code = code
  }

  /** The name servers answered: the name has no address. */
  get isFinal(): boolean {
    return this.code === 'ENOTFOUND' || this.code === 'ENODATA'
  }
}

/** Translates an error of c-ares (nodejs.org/api/dns.html#error-codes). */
export function fromResolver(error: unknown, host: string): LookUpError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOTFOUND' || code === 'EBADNAME') return new LookUpError('ENOTFOUND', host, error)
  if (code === 'ENODATA') return new LookUpError('ENODATA', host, error)
  const isSilent = ['ETIMEOUT', 'ECONNREFUSED', 'ECANCELLED', 'EOF'].includes(code)
  return new LookUpError(isSilent ? 'EAI_AGAIN' : 'EAI_FAIL', host, error)
}
