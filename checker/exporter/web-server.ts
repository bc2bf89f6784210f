import http from 'node:http'
import https from 'node:https'
import type { TLSSocket } from 'node:tls'
import { firstLine, isAllowed, readWebConfig, stampOf } from './web-config.ts'

/** Whether a request may be answered; otherwise it has answered it. */
type Gate = (request: http.IncomingMessage, response: http.ServerResponse) => Promise<boolean>

export interface WebServer {
  readonly server: http.Server
  readonly scheme: 'http' | 'https'
  /** Clients must authenticate or use TLS, so a browser cannot be tricked with a false name. */
  readonly isClosed: boolean
  readonly gate: Gate
}

/** A server configured by a file, which is reloaded when it or a certificate changes. */
export async function openWebServer(file: string | undefined, warn: (line: string) => void): Promise<WebServer> {
  if (file === undefined) {
    return { server: http.createServer(), scheme: 'http', isClosed: false, gate: async () => true }
  }
  const { parse } = await import('yaml')
  let config = readWebConfig(file, parse)
  let stamp = stampOf(config)
  const server = config.tls === undefined ? http.createServer() : https.createServer(config.tls)

  function refresh(): void {
    if (stampOf(config) === stamp) return
    stamp = stampOf(config)
    try {
      const next = readWebConfig(file ?? '', parse)
      if ((next.tls === undefined) !== (config.tls === undefined))
        throw new Error('turning TLS on or off needs a restart')
      if (next.tls !== undefined) {
        ;(server as https.Server).setSecureContext(next.tls)
        // `setSecureContext` does not include whether to request client certificates.
        const { requestCert, rejectUnauthorized } = next.tls
        Object.assign(server, { requestCert, rejectUnauthorized })
      }
      config = next
      stamp = stampOf(config)
    } catch (error) {
      warn(`--web-config: ${file} has changed but cannot be used; keeping the old one: ${firstLine(error)}`)
    }
  }

  // Before the server itself handles the connection.
  server.prependListener('connection', refresh)
  const gate: Gate = async (request, response) => {
    for (const [name, value] of Object.entries(config.headers)) response.setHeader(name, value)
    if (config.verifiesIfGiven && isUntrusted(request.socket as TLSSocket))
      return deny(response, 403, 'the certificate is not trusted')
    if (await isAllowed(config, request.headers.authorization)) return true
    response.setHeader('www-authenticate', 'Basic')
    return deny(response, 401, 'expected a user and a password')
  }
  const isClosed = config.tls !== undefined || config.users.size > 0
  return { server, scheme: config.tls === undefined ? 'http' : 'https', isClosed, gate }
}

function isUntrusted(socket: TLSSocket): boolean {
  return !socket.authorized && Object.keys(socket.getPeerCertificate()).length > 0
}

function deny(response: http.ServerResponse, status: number, line: string): false {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${line}\n`)
  return false
}
