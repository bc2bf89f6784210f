import type http from 'node:http'
import type { RequestOptions } from 'node:https'
import { createRequire } from 'node:module'
import { isIP, type Socket } from 'node:net'
import type { DetailedPeerCertificate, SecureContext, TLSSocket } from 'node:tls'
import { ProbeError } from './failure.ts'

/** One answer, whatever its status. Moments are readings of `performance.now()`. */
export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
  /** When the connection stood and the request was about to leave. */
  readonly sentMs: number
  /** When the last byte of the body was there. */
  readonly receivedMs: number
}

/** One kept-alive connection to one address of a service; opened again when the service closes it. */
export interface Connection {
  /** Asks for one path. Throws what Node throws, or ProbeError; redirects are not followed. */
  get(path: string, accept: string): Promise<Answer>
  /** The address that answered, once one did. */
  remoteAddress(): string | undefined
  /** When the certificate that the service showed ends. */
  certificateEndsAt(): Date | undefined
  close(): void
}

// An ES import of node:http also loads what its lazy exports stand for (WebSocket and more), 20 ms at every start.
const load = createRequire(import.meta.url)

/** No answer that a check asks for is longer. */
const bodyLimitBytes = 64 * 1024

/** What a connection may lead to beside the usual. */
export interface Trust {
  /** Which certificates are trusted; absent: those that Node trusts. */
  readonly secureContext?: SecureContext
  /** Only addresses of this family, where the address is a name. */
  readonly family?: 4 | 6
}

/** Prepares the connection; nothing is sent yet. `signal` ends every request at once. */
export function openConnection(url: URL, address: string, signal: AbortSignal, trust: Trust = {}): Connection {
  const { secureContext, family } = trust
  const secure = url.protocol === 'https:'
  const client: typeof http = load(secure ? 'node:https' : 'node:http')
  const agent = new client.Agent({ keepAlive: true, maxSockets: 1 })
  const options: RequestOptions = {
    agent,
    signal,
    host: address,
    port: url.port || (secure ? 443 : 80),
    ...(family === undefined ? {} : { family }),
    ...(secure ? { servername: serverName(url), rejectUnauthorized: true } : {}),
    ...(secure && secureContext !== undefined ? { secureContext } : {}),
  }
  let socket: Socket | undefined
  let certificateEndsAt: Date | undefined
  let remoteAddress: string | undefined

  const attempt = (path: string, accept: string, isRetry: boolean) =>
    new Promise<Answer>((resolve, reject) => {
      let sentMs = 0
      const request = client.request({ ...options, path, headers: requestHeaders(url.host, accept) })
      const ready = () => {
        sentMs = performance.now()
        remoteAddress = socket?.remoteAddress
        if (secure) certificateEndsAt = certificateEnd(socket as TLSSocket)
      }
      request.on('socket', (assigned) => {
        socket = assigned
        if (assigned.connecting) assigned.once(secure ? 'secureConnect' : 'connect', ready)
        else sentMs = performance.now()
      })
      request.on('response', (response) => {
        readBody(response, reject, (body, receivedMs) => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body, sentMs, receivedMs })
        })
      })
      request.on('close', () => reject(new ProbeError('connection closed before the answer was complete')))
      request.on('error', (error: NodeJS.ErrnoException) => {
        // The service may close a kept connection at the very moment it is used again.
        const closedMeanwhile = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
        if (closedMeanwhile && !isRetry) resolve(attempt(path, accept, true))
        else reject(error)
      })
      request.end()
    })

  return {
    get: (path, accept) => attempt(path, accept, false),
    remoteAddress: () => remoteAddress,
    certificateEndsAt: () => certificateEndsAt,
    close: () => agent.destroy(),
  }
}

function requestHeaders(host: string, accept: string): http.OutgoingHttpHeaders {
  return { host, accept, 'accept-encoding': 'identity', 'cache-control': 'no-cache', 'user-agent': 'bakeroll-check' }
}

/** Server name indication takes names only (RFC 6066, 3). */
function serverName(url: URL): string {
  return isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0 ? url.hostname : ''
}

/** When the first certificate of the chain ends; the root, which the checker trusts by itself, does not count. */
function certificateEnd(socket: TLSSocket): Date | undefined {
  const endsMs: number[] = []
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (certificate?.valid_to !== undefined) {
    const { fingerprint256 }: DetailedPeerCertificate = certificate
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate
    const isRoot: boolean = issuer === undefined || issuer.fingerprint256 === fingerprint256
    if (!isRoot || endsMs.length === 0) endsMs.push(Date.parse(certificate.valid_to))
    certificate = isRoot ? undefined : issuer
  }
  return endsMs.length === 0 ? undefined : new Date(Math.min(...endsMs))
}

function readBody(
  response: http.IncomingMessage,
  fail: (error: Error) => void,
  done: (body: string, receivedMs: number) => void,
): void {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  let receivedMs = performance.now()
  response.on('data', (chunk: Buffer) => {
    receivedMs = performance.now()
    sizeBytes += chunk.length
    chunks.push(chunk)
    if (sizeBytes <= bodyLimitBytes) return
    fail(new ProbeError('the answer is longer than 64 KiB'))
    response.destroy()
  })
  response.on('end', () => done(Buffer.concat(chunks).toString(), receivedMs))
  response.on('error', fail)
}
