import { ProbeError } from './failure.ts'

/** The headers of an answer by their names in lower case; of several with one name the first. */
export type Headers = Readonly<Record<string, string | undefined>>

/** What comes before the body of an answer. */
export interface AnswerHead {
  readonly status: number
  readonly headers: Headers
  /** How long the body is: so many bytes, in chunks that tell, or until the connection ends. */
  readonly length: number | 'chunked' | 'until-end'
  /** Whether the connection may be used again. */
  readonly staysOpen: boolean
}

/**
 * Reads status line and headers (RFC 9112, 4 to 6), without the empty line at their end; a line may end without its carriage
 * return. Throws ProbeError for what is no HTTP/1.x, and for whatever leaves open where the body ends.
 */
export function readHead(text: string): AnswerHead {
  // A line that begins with a blank goes on with the one before (RFC 9112, 5.2).
  const [statusLine = '', ...lines] = text.split(/\n(?![ \t])/)
  const [, minor, code] = /^HTTP\/1\.(\d) (\d{3})(?: .*)?$/.exec(withoutReturn(statusLine)) ?? []
  if (code === undefined) throw notHttp(statusLine)
  const headers = readHeaders(lines)
  const status = Number(code)
  if (status === 101) throw new ProbeError('not HTTP: HTTP 101, a change of the protocol, which was not asked for')
  const length = bodyLength(status, headers)
  const wanted = (headers['connection'] ?? '').toLowerCase()
  const staysOpen =
    length !== 'until-end' && (minor === '0' ? /\bkeep-alive\b/.test(wanted) : !/\bclose\b/.test(wanted))
  return { status, headers, length, staysOpen }
}

/** An answer that is no HTTP, with its beginning. */
export function notHttp(text: string): ProbeError {
  return new ProbeError(`not HTTP: ${JSON.stringify(text.slice(0, 60).trimEnd())}`)
}

function readHeaders(lines: readonly string[]): Headers {
  const headers: Record<string, string> = Object.create(null)
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon)).toLowerCase()
    // No space before the colon (RFC 9112, 5.1).
    if (name === '' || /[\s\0]/.test(name)) throw notHttp(line)
    const value = line
      .slice(colon + 1)
      .replace(/\r?\n[ \t]+/g, ' ')
      .trim()
    if (headers[name] === undefined) headers[name] = value
    else if (framing.has(name) && headers[name] !== value) throw notHttp(line)
  }
  return headers
}

/** Two of these that differ mean that somebody is to be misled (RFC 9112, 6.3). */
const framing = new Set(['content-length', 'transfer-encoding'])

function bodyLength(status: number, headers: Headers): AnswerHead['length'] {
  if (status < 200 || status === 204 || status === 304) return 0
  const { 'transfer-encoding': encoding, 'content-length': length } = headers
  if (encoding?.toLowerCase() === 'chunked') return 'chunked'
  if (encoding !== undefined) throw new ProbeError(`not HTTP: transfer-encoding ${JSON.stringify(encoding)}`)
  if (length === undefined) return 'until-end'
  if (!/^\d{1,15}$/.test(length)) throw new ProbeError(`not HTTP: content-length ${JSON.stringify(length)}`)
  return Number(length)
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
