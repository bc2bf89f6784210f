import type { Headers } from './answer-head.ts'
import type { Answer } from './connection.ts'
import { ProbeError } from './failure.ts'
import { withoutCredentials } from './target.ts'

/** The Location header (RFC 9110, 10.2.2). Escapes bytes that a url cannot contain, as browsers do. */
export function locationOf({ location }: Headers): string | undefined {
  return location?.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}

const longestShown = 200

/** A location for messages, shortened and without credentials. */
export function shownLocation(location: string): string {
  return JSON.stringify(withoutCredentials(location.slice(0, longestShown)))
}

/** `redirected to …, then to …`; undefined without redirects. */
export function hopsInWords(hops: readonly string[]): string | undefined {
  if (hops.length === 0) return undefined
  const shown = hops.map((hop) => (hop.length > longestShown ? `${hop.slice(0, longestShown)}…` : hop))
  return `redirected to ${shown.join(', then to ')}`
}

/** Where an answer redirects to (RFC 9110, 15.4); undefined when it does not. Never away from TLS. */
export function redirection({ status, headers }: Answer, from: URL): URL | undefined {
  const location = locationOf(headers)
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined
  const shown = shownLocation(location)
  if (!URL.canParse(location, from.href)) throw new ProbeError(`HTTP ${status} to ${shown}, which is no url`)
  const url = new URL(location, from)
  url.hash = ''
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ProbeError(`HTTP ${status} to ${shown}, which is neither http nor https`)
  }
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    throw new ProbeError(`HTTP ${status} to ${shown}, away from TLS, is not followed`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new ProbeError(`HTTP ${status} to a url of ${url.host} with a user or password is not followed`)
  }
  return url
}
