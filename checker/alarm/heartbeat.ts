import { describeSystemError } from './delivery-error.ts'

/** Says what is wrong with the url of a heartbeat; undefined when nothing is. */
export function heartbeatProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'expected a url (https://...)'
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return `expected http or https, got ${url.protocol}//${url.host}`
  return url.username === '' && url.password === '' ? undefined : `${url.host}: a user or password is not supported`
}

/**
 * Tells a dead man's switch that a run ended: GET of the url, or of the url with `/fail` at the end of its path when the
 * checker itself is broken (healthchecks.io/docs/http_api). Tried twice; gives what went wrong, never throws.
 */
export async function sendHeartbeat(
  address: string,
  how: 'done' | 'broken',
  timeoutMs: number,
): Promise<string | undefined> {
  const url = new URL(address)
  if (how === 'broken') url.pathname = `${url.pathname.replace(/\/+$/, '')}/fail`
  const first = await ping(url, timeoutMs / 2)
  const second = first === undefined ? undefined : await ping(url, timeoutMs / 2)
  return second === undefined ? undefined : `heartbeat ${url.host}: ${second}`
}

async function ping(url: URL, timeoutMs: number): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(Math.max(1, Math.floor(timeoutMs)))
    const response = await fetch(url, { signal, headers: { 'user-agent': 'bakeroll-check' } })
    await response.body?.cancel()
    return response.ok ? undefined : `status ${response.status}`
  } catch (error) {
    return describeSystemError(error)
  }
}
