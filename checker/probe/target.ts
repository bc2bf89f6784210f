import type { TargetOptions } from '../options/target-options.ts'

/** One service to check; its paths (`/now`) are appended to the url. */
export interface CheckTarget {
  /** http or https, without user, query or fragment. */
  readonly url: string
  /** Connect to this IP address instead of all addresses of the host. */
  readonly address?: string
  /** Options of this target only. */
  readonly options?: TargetOptions
}

/** Why a service's url is invalid; undefined when it is valid. */
export function urlProblem(text: string): string | undefined {
  const safe = withoutCredentials(text)
  const shown = JSON.stringify(safe)
  if (text.trim() === '') return `url ${shown}: empty`
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return `url ${shown}: no scheme; did you mean http://${safe}?`
  if (!URL.canParse(text)) return `url ${shown}: not a url`
  const url = new URL(text)
  const scheme = url.protocol.slice(0, -1)
  if (scheme !== 'http' && scheme !== 'https') return `url ${shown}: expected http or https, got ${scheme}`
  if (url.username !== '' || url.password !== '') {
    return `url of ${url.host}: a user or password in a url is not supported`
  }
  if (url.search !== '' || url.hash !== '') return `url ${shown}: a query or fragment is not supported`
  return undefined
}

/** A url, or an attempt at one, with any user and password hidden. */
export function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1[secret]@')
}

/** Appends a path of the service to the path of its url. */
export function joinPath(url: URL, path: string): string {
  return url.pathname.replace(/\/+$/, '') + path
}
