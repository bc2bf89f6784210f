/** The facts of an SDK error, whatever its class. */
export interface FailureFacts {
  /** AWS's code, `InsufficientInstanceCapacity`, or Node's, `ECONNREFUSED`. */
  readonly code: string
  /** All names of the error. */
  readonly codes: readonly string[]
  /** AWS's message: one line, no secrets, truncated. */
  readonly message: string
  /** Like `message`, but complete, for pattern matching. */
  readonly words: string
  readonly requestId?: string
  /** The HTTP status; absent when there was no answer. */
  readonly status?: number
  readonly attempts: number
  /** There was an answer, but it could not be parsed. */
  readonly isUnreadable: boolean
}

export function readFacts(error: unknown): FailureFacts {
  const own = (error instanceof Error ? error : new Error(String(error))) as SdkError
  const { $metadata = {}, $response } = own
  const codes = [own.name, own.Code, own.code].filter(
    (code) => typeof code === 'string' && code !== 'Error',
  ) as string[]
  const words = wordsOf(own)
  return {
    code: codes[0] ?? 'Error',
    codes,
    words,
    message: cut(withoutSecrets(words)),
    attempts: $metadata.attempts ?? 1,
    isUnreadable: $response !== undefined && own.$fault === undefined,
    ...($metadata.requestId === undefined ? {} : { requestId: $metadata.requestId }),
    ...($metadata.httpStatusCode === undefined ? {} : { status: $metadata.httpStatusCode }),
  }
}

interface SdkError extends Error {
  readonly Code?: unknown
  readonly code?: unknown
  readonly errors?: readonly Error[]
  readonly $fault?: 'client' | 'server'
  readonly $response?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string; readonly attempts?: number }
}

/**
 * Removes from AWS's message what must not be shown: session tokens, which a refused signature repeats, access keys,
 * and encoded authorization failures, which nobody can read.
 */
export function withoutSecrets(text: string): string {
  return text
    .replace(/(x-amz-security-token[:=]\s*)\S+/gi, '$1[secret]')
    .replace(/\b((?:AKIA|ASIA)[A-Z0-9]{4})[A-Z0-9]{8,}/g, '$1[secret]')
    .replace(/\s*Encoded authorization failure message: \S+/, '')
    .replace(/[A-Za-z0-9+/_-]{200,}={0,2}/g, '[secret]')
}

/** Removes secrets from an error that is shown as a cause. */
export function hideSecrets(error: unknown): void {
  if (!(error instanceof Error) || withoutSecrets(error.message) === error.message) return
  const { message, stack } = error
  error.message = withoutSecrets(message)
  if (stack !== undefined) error.stack = withoutSecrets(stack)
}

/** When several addresses refuse, the error has no message of its own. */
function wordsOf({ message, errors = [] }: SdkError): string {
  const own = message.replace(/\s*Deserialization error: to see the raw response[\s\S]*$/, '')
  const words = own === '' ? errors.map((one) => one.message).join(', ') : own
  return words.replace(/\s+/g, ' ').trim()
}

function cut(text: string, limit = 300): string {
  const whole = text.replace(/\.$/, '')
  if (whole.length <= limit) return whole
  const end = whole.lastIndexOf(' ', limit)
  return `${whole.slice(0, end > limit / 2 ? end : limit)} …`
}
