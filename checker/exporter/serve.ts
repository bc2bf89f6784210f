import type http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { CheckOptions } from '../options/options.ts'
import type { CheckRun, Outcome, RunHost } from '../run-types.ts'
import { exitCodes } from '../verdict/report.ts'
import { openAnswers } from './answers.ts'
import { openWebServer } from './web-server.ts'

/** How long requests in progress may continue after a stop. */
const graceMs = 1000

type ListenAddress = NonNullable<CheckOptions['serve']>

/**
 * Serves the exporter on `ADDRESS:PORT` (port 0: any free port) and says where. When stopped, accepts no more requests, finishes
 * those in progress within a second, aborts the rest and returns.
 */
export async function serveExporter(run: CheckRun, listen: ListenAddress, host: RunHost): Promise<Outcome> {
  const { server, scheme, isClosed, gate } = await openWebServer(run.options.webConfig, host.warn)
  const late = new AbortController()
  const answer = openAnswers(await import('prom-client'), run, host.warn, isClosed, late.signal)
  const respond = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    // Registered before the slow password comparison: a client that disconnects meanwhile is not served.
    const gone = new AbortController()
    response.once('close', () => {
      // After the answer an abort is useless, and it creates an error with its stack.
      if (!response.writableFinished) gone.abort()
    })
    if (!(await gate(request, response)) || gone.signal.aborted) return
    const { status, type, body } = await answer(request, AbortSignal.any([gone.signal, late.signal]))
    if (!server.listening) response.shouldKeepAlive = false
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
    response.end(request.method === 'HEAD' ? '' : body)
  }
  server.on('request', (request, response) => {
    respond(request, response).catch((error) => {
      host.warn(`--serve: ${request.url?.replace(/\?.*/s, '')}: ${error instanceof Error ? error.stack : error}`)
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' })
      response.end('internal error of the exporter\n')
    })
  })
  try {
    await listenOn(server, listen)
  } catch (error) {
    host.warn(`--serve: cannot listen on ${inWords(listen)}: ${error instanceof Error ? error.message : error}`)
    return { stdout: '', exitCode: exitCodes.unknown }
  }
  host.say?.(`serving ${scheme}://${addressOf(server)}/metrics and /probe?target=URL`)
  await endOf(server, host.signal, late)
  return { stdout: '', exitCode: 0 }
}

function inWords({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function listenOn(server: http.Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // Without an address: all addresses of this computer, both families.
    server.listen(host === '' ? { port } : { port, host }, resolve)
  })
}

function addressOf(server: http.Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** Resolves after the last answer, or soon after a stop. */
function endOf(server: http.Server, signal: AbortSignal | undefined, late: AbortController): Promise<void> {
  const open = new Set<Socket>()
  // Includes sockets still in their TLS handshake.
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return new Promise((resolve) => {
    const end = () => {
      const limit = setTimeout(() => {
        late.abort()
        // Aborted requests still get their answers.
        setImmediate(() => server.closeIdleConnections())
        setTimeout(() => {
          for (const socket of open) socket.destroy()
        }, graceMs / 4)
      }, graceMs)
      server.close(() => {
        clearTimeout(limit)
        resolve()
      })
      server.closeIdleConnections()
    }
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted) end()
  })
}
