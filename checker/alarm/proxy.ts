import http, { type ClientRequest } from 'node:http'
import https from 'node:https'
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import tls from 'node:tls'
import { lookupWithin } from '../names/node-lookup.ts'
import { parseNetworks } from '../probe/reach.ts'
import { Wrong, wrong } from '../settings/kinds.ts'
import { DeliveryError, describeSystemError } from './channels/delivery-error.ts'

/** The proxy for notices and heartbeats. */
export type Proxy = URL | 'none'

/** Parses `--proxy`; problems do not contain its password. */
export function parseProxy(text: string): Proxy | Wrong {
  if (text === 'none') return text
  if (!URL.canParse(text)) return wrong('expected none or the url of a proxy, http://HOST:PORT')
  const url = new URL(text)
  if (!/^https?:$/.test(url.protocol)) return wrong(`expected http or https, got ${url.protocol}//${url.host}`)
  return url.pathname.length > 1 || url.search !== '' ? wrong(`${url.host}: a path is not supported`) : url
}

let said: Proxy | undefined

/** Sets the proxy of this process; undefined: the environment's. */
export function useProxy(proxy: Proxy | undefined): void {
  said = proxy
}

/** The proxy for a url: the one that was set, or the environment's, unless `NO_PROXY` contains the host. */
export function proxyFor(url: URL, environment: NodeJS.ProcessEnv = process.env): URL | undefined {
  const found = findProxy(url, environment)
  return found instanceof URL ? found : undefined
}

function findProxy(url: URL, environment: NodeJS.ProcessEnv): Proxy | Wrong | undefined {
  const variable = (name: string) => environment[name.toLowerCase()] || environment[name]
  // A CGI program gets the request header `Proxy` as HTTP_PROXY, so only lower case is used.
  const usual = url.protocol === 'https:' ? variable('HTTPS_PROXY') : environment['http_proxy']
  const text = usual ?? variable('ALL_PROXY')
  if ((said ?? text) === undefined || isExempt(url, variable('NO_PROXY') ?? '')) return undefined
  if (said !== undefined || text === undefined || text === 'none') return said ?? 'none'
  return parseProxy(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`)
}

/** As in curl: `*`, or a list of networks, hosts and domains with their subdomains. */
function isExempt({ hostname, port, protocol }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  const asked = port || (protocol === 'https:' ? '443' : '80')
  return list.split(/[\s,]+/).some((entry) => {
    const [, name = '', only] =
      /^\[?(?:\*?\.)?([^\]]*?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? []
    if (entry === '*') return true
    if (entry.includes('/')) return parseNetworks(entry)?.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4') === true
    if (name === '' || (only !== undefined && only !== asked)) return false
    return host === name.toLowerCase() || (isIP(host) === 0 && host.endsWith(`.${name.toLowerCase()}`))
  })
}

/** Problems of the proxies for some urls, unusable or unreachable; one line each. */
export async function missingProxies(urls: readonly URL[], patienceMs: number): Promise<string[]> {
  const proxies = urls.map((url) => findProxy(url, process.env))
  const unusable = proxies.flatMap((proxy) => (proxy instanceof Wrong ? proxy.lines : []))
  const reached = new Map(proxies.flatMap((proxy) => (proxy instanceof URL ? [[proxy.href, proxy] as const] : [])))
  const missing = [...reached.values()].map((proxy) => missingProxy(proxy, Math.min(1000, patienceMs)))
  return [
    ...[...new Set(unusable)].map((problem) => `the environment's proxy is not used: ${problem}`),
    ...(await Promise.all(missing)).filter((problem) => problem !== undefined),
  ]
}

/** Tries to connect to a proxy; returns the problem, or undefined. */
function missingProxy(proxy: URL, patienceMs: number): Promise<string | undefined> {
  const tell = (why: string) => `the proxy ${proxy.host}: ${why}`
  return new Promise((resolve) => {
    const socket = connect({ host: hostOf(proxy), port: portOf(proxy), lookup: lookupWithin(patienceMs) })
    const end = (problem?: string) => {
      socket.destroy()
      resolve(problem)
    }
    socket.setTimeout(patienceMs, () => end(tell('no connection in time')))
    socket.once('connect', () => end())
    socket.once('error', (error) => end(tell(describeSystemError(error))))
  })
}

/** Opens a new tunnel through the proxy for each connection (RFC 9110, 9.3.6). */
export function tunnelAgent(proxy: URL, lookup?: LookupFunction): https.Agent {
  const agent = new https.Agent()
  const through: typeof agent.createConnection = (options, callback) => {
    openTunnel(proxy, `${options.host}`, Number(options.port), lookup).then(
      (socket) =>
        callback?.(
          null,
          tls.connect({ ...(options as tls.ConnectionOptions), socket, servername: nameOf(`${options.host}`) }),
        ),
      (error) => callback?.(error, undefined as never),
    )
    return undefined
  }
  agent.createConnection = through
  return agent
}

function openTunnel(proxy: URL, host: string, port: number, lookup?: LookupFunction): Promise<Socket> {
  const path = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
  return new Promise((resolve, reject) => {
    const asked = askProxy(proxy, {
      method: 'CONNECT',
      path,
      agent: false,
      headers: { host: path },
      ...(lookup && { lookup }),
    })
    asked.once('connect', ({ statusCode }, socket) => {
      // Any 2xx opens the tunnel.
      if (statusCode !== undefined && statusCode >= 200 && statusCode < 300) return resolve(socket)
      socket.destroy()
      reject(new DeliveryError(`the proxy ${proxy.host} answers ${statusCode}`))
    })
    asked.once('error', (error) => reject(proxyFailure(proxy, error)))
    asked.setTimeout(10_000, () => asked.destroy(new DeliveryError('no answer in time')))
    asked.end()
  })
}

/** An error on the way to a proxy, with the proxy's name. */
export function proxyFailure(proxy: URL, error: Error): DeliveryError {
  const why = error instanceof DeliveryError ? error.message : describeSystemError(error)
  return new DeliveryError(`the proxy ${proxy.host}: ${why}`, { cause: error })
}

/** A request to the proxy itself, with the credentials in its url. */
export function askProxy(proxy: URL, options: http.RequestOptions): ClientRequest {
  const { username, password } = proxy
  const pair = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  const headers = { ...options.headers, ...(username === '' ? {} : { 'proxy-authorization': `Basic ${pair}` }) }
  const client = proxy.protocol === 'https:' ? https : http
  return client.request({
    ...options,
    host: hostOf(proxy),
    port: portOf(proxy),
    headers: headers as http.OutgoingHttpHeaders,
  })
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80)
}

function nameOf(host: string): string {
  return isIP(host) === 0 ? host : ''
}
