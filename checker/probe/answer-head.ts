import { ProbeError } from './failure.ts'

/** Headers by lower-case name; of repeated ones, the first. */
export type Headers = Readonly<Record<string, string | undefined>>

/** Status line and headers. */
export interface AnswerHead {
  readonly status: number
  readonly headers: Headers
  /** The length of the body in bytes; `until-end`: it ends with the connection. */
  readonly length: number | 'chunked' | 'until-end'
  /** Whether the connection can be reused. */
  readonly staysOpen: boolean
}

/**
 * Parses status line and headers (RFC 9112, 4 to 6), without the empty line at their end; lines may end in LF alone. Throws
 * ProbeError for anything that is not HTTP/1.x or leaves the end of the body ambiguous.
 */
export function readHead(text: string): AnswerHead {
  // A line that starts with whitespace continues the previous one (RFC 9112, 5.2).
  const [statusLine = '', ...lines] = text.split(/\n(?![ \t])/)
  const [, minor, code] = /^HTTP\/1\.(\d) (\d{3})(?: .*)?$/.exec(withoutReturn(statusLine)) ?? []
  if (code === undefined) throw notHttp(statusLine)
  const headers = readHeaders(lines)
  const status = Number(code)
  if (status === 101) throw new ProbeError('not HTTP: HTTP 101, a protocol switch that was not requested')
  const length = bodyLength(status, headers)
  const wanted = (headers['connection'] ?? '').toLowerCase()
  const staysOpen =
    length !== 'until-end' && (minor === '0' ? /\bkeep-alive\b/.test(wanted) : !/\bclose\b/.test(wanted))
  return { status, headers, length, staysOpen }
}

/** The error for an answer that is not HTTP; shows how it starts. */
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

/** Repeated with different values, these suggest an attack (RFC 9112, 6.3). */
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
