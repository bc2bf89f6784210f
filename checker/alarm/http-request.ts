import http, { type IncomingHttpHeaders } from 'node:http'
import https from 'node:https'
import { lookupWithin } from '../names/node-lookup.ts'
import { DeliveryError } from './channels/delivery-error.ts'
import { askProxy, proxyFailure, proxyFor, tunnelAgent } from './proxy.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Without the body, which may be long, endless, or contain our own secret. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

/** Longer than any delivery; the signal ends it earlier. */
const longestLookUpMs = 30_000

/**
 * Sends one request over a new connection; does not follow redirects. Throws what Node's http throws. Not `fetch`, which looks
 * names up in a thread that delays the end of the process.
 */
export function send(url: URL, { method, headers, body }: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const isSecure = url.protocol === 'https:'
  const { request } = isSecure ? https : http
  const proxy = proxyFor(url)
  return new Promise((resolve, fail) => {
    const lookup = lookupWithin(longestLookUpMs)
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const all = { 'user-agent': 'bakeroll-check', ...headers, ...length }
    const reject = (error: Error) => fail(proxy === undefined || isSecure ? error : proxyFailure(proxy, error))
    const sent =
      proxy === undefined
        ? request(url, { method, signal, agent: false, lookup, headers: all })
        : isSecure
          ? request(url, { method, signal, agent: tunnelAgent(proxy, lookup), headers: all })
          : askProxy(proxy, {
              method,
              signal,
              agent: false,
              lookup,
              path: url.href,
              headers: { host: url.host, ...all },
            })
    sent.once('response', (response) => {
      const isOfProxy = proxy !== undefined && response.statusCode === 407
      if (isOfProxy) fail(new DeliveryError(`the proxy ${proxy.host} answers 407`))
      // Ignore errors after the headers.
      response.on('error', () => {}).destroy()
      resolve({ status: response.statusCode ?? 0, headers: response.headers })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
