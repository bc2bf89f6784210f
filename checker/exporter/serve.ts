import type http from 'node:http'
import type { AddressInfo } from 'node:net'
import { portOf } from '../options/option-kinds.ts'
import type { CheckRun, Outcome, RunHost } from '../run-types.ts'
import { exitCodes } from '../verdict/report.ts'
import { openAnswers } from './answers.ts'
import { openWebServer } from './web-server.ts'

/**
 * Serves the exporter on `ADDRESS:PORT` (port 0: any free one) and says where. At SIGTERM or SIGINT it takes no
 * more requests, answers those under way and returns; a second signal breaks these off.
 */
export async function serveExporter(run: CheckRun, listen: string, host: RunHost): Promise<Outcome> {
  const { server, scheme, isClosed, gate } = await openWebServer(run.options.webConfig, host.warn)
  const answer = openAnswers(await import('prom-client'), run, host.warn, isClosed)
  const respond = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    if (!(await gate(request, response))) return
    const gone = new AbortController()
    // After an answer there is nothing to give up, and an abort makes an error with its stack.
    response.once('close', () => {
      if (!response.writableFinished) gone.abort()
    })
    const { status, type, body } = await answer(request, gone.signal)
    if (!server.listening) response.shouldKeepAlive = false
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
    response.end(request.method === 'HEAD' ? '' : body)
  }
  server.on('request', (request, response) => {
    respond(request, response).catch((error) => {
      host.warn(`--serve: ${request.url?.replace(/\?.*/s, '')}: ${error instanceof Error ? error.stack : error}`)
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' })
      response.end('a defect of the exporter\n')
    })
  })
  try {
    await listenOn(server, listen)
  } catch (error) {
    host.warn(`--serve: cannot listen on ${listen}: ${error instanceof Error ? error.message : error}`)
    return { stdout: '', exitCode: exitCodes.unknown }
  }
  host.say?.(`serving ${scheme}://${addressOf(server)}/metrics and /probe?target=URL`)
  await endOf(server, host.signal)
  return { stdout: '', exitCode: 0 }
}

function listenOn(server: http.Server, listen: string): Promise<void> {
  const address = listen.slice(0, listen.lastIndexOf(':')).replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // Without an address: all that this computer has, both families.
    server.listen({ port: portOf(listen), ...(address === '' ? {} : { host: address }) }, resolve)
  })
}

function addressOf(server: http.Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** Resolves after the last answer. A host with a signal of its own listens to the process itself. */
function endOf(server: http.Server, signal: AbortSignal | undefined): Promise<void> {
  const names = signal === undefined ? (['SIGINT', 'SIGTERM'] as const) : []
  return new Promise((resolve) => {
    const end = () => {
      if (!server.listening) return server.closeAllConnections()
      server.close(() => {
        for (const name of names) process.off(name, end)
        resolve()
      })
      server.closeIdleConnections()
    }
    for (const name of names) process.on(name, end)
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted) end()
  })
}
