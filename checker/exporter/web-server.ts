import http from 'node:http'
import https from 'node:https'
import type { TLSSocket } from 'node:tls'
import { firstLine, isAllowed, readWebConfig, stampOf } from './web-config.ts'

/** Decides whether a request may be answered; answers it otherwise. */
type Gate = (request: http.IncomingMessage, response: http.ServerResponse) => Promise<boolean>

/** A server, what its urls begin with, and its gate. */
export interface WebServer {
  readonly server: http.Server
  readonly scheme: 'http' | 'https'
  /** Others than those who may ask are kept away, so a page in a browser reaches nothing by a false name. */
  readonly isClosed: boolean
  readonly gate: Gate
}

/** A server by a web configuration file, which is read again when it, or a certificate, is another. */
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
        throw new Error('TLS begins or ends with a new start only')
      if (next.tls !== undefined) {
        ;(server as https.Server).setSecureContext(next.tls)
        // Whether a client is asked for a certificate is no part of that.
        const { requestCert, rejectUnauthorized } = next.tls
        Object.assign(server, { requestCert, rejectUnauthorized })
      }
      config = next
      stamp = stampOf(config)
    } catch (error) {
      warn(`--web-config: ${file} is another now and cannot be used, the old one stays: ${firstLine(error)}`)
    }
  }

  // Before the server itself takes the connection.
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
