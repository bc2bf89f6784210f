import { type Wrong, wrong } from '../settings/kinds.ts'
import { describeSystemError } from './channels/delivery-error.ts'

/** Parses `--heartbeat`; problems contain no secrets. */
export function parseHeartbeat(text: string): URL | Wrong {
  if (!URL.canParse(text)) return wrong('expected a url (https://...)')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return wrong(`expected http or https, got ${url.protocol}//${url.host}`)
  return url.username === '' && url.password === '' ? url : wrong(`${url.host}: a user or password is not supported`)
}

/**
 * Reports the end of a run to a dead man's switch: GET of the url, with `/fail` appended to its path when the checker itself is
 * broken (healthchecks.io/docs/http_api). Tries twice; returns the problem, never throws.
 */
export async function sendHeartbeat(
  address: URL,
  how: 'done' | 'broken',
  timeoutMs: number,
  stop?: AbortSignal,
): Promise<string | undefined> {
  const url = new URL(address)
  if (how === 'broken') url.pathname = `${url.pathname.replace(/\/+$/, '')}/fail`
  const first = await ping(url, timeoutMs / 2, stop)
  const second = first === undefined || stop?.aborted ? first : await ping(url, timeoutMs / 2, stop)
  return second === undefined ? undefined : `heartbeat ${url.host}: ${second}`
}

/** Redirects in a row. */
const longestChain = 5

async function ping(url: URL, timeoutMs: number, stop?: AbortSignal): Promise<string | undefined> {
  try {
    const limit = AbortSignal.timeout(Math.max(1, Math.floor(timeoutMs)))
    const signal = stop === undefined ? limit : AbortSignal.any([limit, stop])
    const { send } = await import('./http-request.ts')
    let to = url
    for (let hops = 0; ; hops += 1) {
      const { status, headers } = await send(to, { method: 'GET' }, signal)
      if (status >= 200 && status < 300) return undefined
      const { location } = headers
      const isRedirect = status >= 300 && status < 400 && location !== undefined && URL.canParse(location, to.href)
      if (!isRedirect || hops === longestChain || !/^https?:/.test(new URL(location, to).protocol))
        return `status ${status}`
      to = new URL(location, to)
    }
  } catch (error) {
    return describeSystemError(error)
  }
}
