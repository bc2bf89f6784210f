import { type Wrong, wrong } from '../settings/kinds.ts'

export interface RequestHeader {
  readonly name: string
  readonly value: string
}

/** Headers that a user adds to requests, by lower-case name. */
export type RequestHeaders = ReadonlyMap<string, RequestHeader>

/** These control how the message is transferred, which is up to the checker. */
const ours = new Set([
  ...['accept-encoding', 'connection', 'content-length', 'expect', 'keep-alive', 'proxy-authorization'],
  ...['proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
])

/** A token (RFC 9110, 5.6.2). */
const token = /^[!#$%&'*+.^_`|~\w-]+$/

/** Parses `NAME: VALUE`; problems do not contain the value. */
export function parseHeader(text: string): RequestHeader | Wrong {
  const problem = headerProblem(text)
  if (problem !== undefined) return wrong(problem)
  const colon = text.indexOf(':')
  return { name: text.slice(0, colon), value: text.slice(colon + 1).trim() }
}

function headerProblem(text: string): string | undefined {
  const colon = text.indexOf(':')
  if (/^[ \t]/.test(text)) return 'continuation lines are not supported'
  if (colon === -1) return 'no colon, expected NAME: VALUE'
  const name = text.slice(0, colon)
  // Not shown: it may be part of a secret value.
  if (!token.test(name)) return 'no header name before the colon'
  if (ours.has(name.toLowerCase())) return `${name} is set by the checker itself`
  const value = text.slice(colon + 1).trim()
  if (/[^\P{Cc}\t]/u.test(value)) return `the value of ${name} contains a control character`
  return value === '' && name.toLowerCase() === 'host' ? `${name} has no value` : undefined
}

/** The value of the header `Authorization`, from USER:PASSWORD, a token, or a scheme with credentials. */
export function parseAuthorization(text: string): string | Wrong {
  const problem = authorizationProblem(text)
  return problem === undefined ? authorizationValue(text) : wrong(problem)
}

function authorizationProblem(text: string): string | undefined {
  if (/\p{Cc}/u.test(text)) return 'it contains a control character'
  if (text.trim() === '') return 'it is empty'
  const isOneWord = !/\s/.test(text.trim())
  if (text.includes(':') || isOneWord || token.test(text.trim().split(/\s+/)[0] ?? '')) return undefined
  return 'expected USER:PASSWORD, a token, or a scheme with its credentials such as Bearer TOKEN'
}

function authorizationValue(text: string): string {
  const trimmed = text.trim()
  const [, scheme, rest = ''] = /^([!#$%&'*+.^`|~\w-]+)[ \t]+(.+)$/.exec(trimmed) ?? []
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`
  if (scheme?.toLowerCase() === 'basic') return rest.includes(':') ? basic(rest) : `Basic ${rest}`
  if (scheme !== undefined) return `${scheme} ${rest}`
  return trimmed.includes(':') ? basic(trimmed) : `Bearer ${trimmed}`
}

/** Undefined when there are none. */
export function requestHeaders(
  headers: readonly RequestHeader[] = [],
  authorization: string | undefined,
): RequestHeaders | undefined {
  const all = [...headers, ...(authorization === undefined ? [] : [{ name: 'Authorization', value: authorization }])]
  return all.length === 0 ? undefined : new Map(all.map((header) => [header.name.toLowerCase(), header]))
}

const usual = [
  { name: 'accept-encoding', value: 'identity' },
  { name: 'cache-control', value: 'no-cache' },
  { name: 'user-agent', value: 'bakeroll-check' },
]

/** A GET request, to be sent as latin1; a user's headers override ours. */
export function requestText(path: string, host: string, accept: string, headers?: RequestHeaders): string {
  const own = [{ name: 'host', value: host }, { name: 'accept', value: accept }, ...usual]
  const all = headers === undefined ? own : [...own.filter(({ name }) => !headers.has(name)), ...headers.values()]
  const lines = all.map(({ name, value }) => `${name}: ${asBytes(value)}\r\n`)
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

function asBytes(value: string): string {
  return Buffer.from(value).toString('latin1')
}
