import { describeTlsCode } from '../../probe/tls-failure.ts'

/** Why a message was not delivered; its text never contains a secret. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError'
  /** How long the receiver asked us to wait. */
  readonly retryAfterMs: number
  /** The receiver rejects only this message, and may accept others. */
  readonly isRefusal: boolean

  constructor(
    message: string,
    {
      retryAfterMs = 0,
      isRefusal = false,
      cause,
    }: { retryAfterMs?: number; isRefusal?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause })
    this.retryAfterMs = retryAfterMs
    this.isRefusal = isRefusal
  }
}

/** Describes a system error without its address; by its code if it has one. */
export function describeSystemError(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  if (error instanceof DeliveryError) return error.message
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in time'
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  // Node also uses ECONNRESET for it.
  if (error.message === 'socket hang up') return 'connection closed before the answer'
  if (code !== undefined) return describeSystemCode(code)
  return inner instanceof Error ? describeSystemError(inner) : error.name
}

/** A system error code in words, or unchanged. */
export function describeSystemCode(code: string): string {
  const tls = describeTlsCode(code)
  if (tls !== undefined) return tls
  if (/CERT|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA/.test(code)) return `the certificate is not trusted (${code})`
  return words[code] ?? code
}

const words: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'the host name does not exist',
  ENODATA: 'the host name has no address',
  EAI_AGAIN: 'the host name could not be looked up',
  EAI_FAIL: 'the host name could not be looked up',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'no route to it',
  ENOENT: 'no such program',
  EACCES: 'not allowed',
}
