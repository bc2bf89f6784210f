import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'

/**
 * Idle connections stay open longer than nginx keeps its own to the upstream (`upstreamKeepaliveSeconds`), so that
 * nginx always closes first and never sends into a closing connection.
 */
export const keepAliveSeconds = 75

/** A listening app that shuts down in two stages. */
export interface Listener {
  url: string
  /** From now on every response, including those in progress, says `Connection: close`; still accepts connections. */
  drain(): void
  /** Stops accepting and waits for requests in progress; `cut` when they were aborted after `limitSeconds`. */
  close(limitSeconds: number): Promise<'finished' | 'cut'>
}

/** Listens for `app` on `host` and `port` (0: any free one); rejects with the system's error when it cannot. */
export async function openListener(app: Hono, { host, port }: { host: string; port: number }): Promise<Listener> {
  const server = createAdaptorServer({ fetch: app.fetch, hostname: host }) as Server
  server.keepAliveTimeout = keepAliveSeconds * 1000
  const drain = closeConnectionsOnDemand(server)
  server.listen({ host, port })
  await once(server, 'listening')
  return {
    url: urlOf(server.address() as AddressInfo),
    drain,
    close(limitSeconds) {
      drain()
      return closeServer(server, limitSeconds)
    },
  }
}

/** Returns a function after whose call no connection outlives its current request. */
function closeConnectionsOnDemand(server: Server): () => void {
  const unanswered = new Set<ServerResponse>()
  let draining = false

  server.prependListener('request', (request, response) => {
    response.shouldKeepAlive &&= !draining
    unanswered.add(response)
    response.once('close', () => unanswered.delete(response))
    // A response whose headers were sent before draining could not announce it.
    response.once('finish', () => draining && request.socket.end())
  })

  return () => {
    draining = true
    for (const response of unanswered) response.shouldKeepAlive = false
  }
}

function closeServer(server: Server, limitSeconds: number): Promise<'finished' | 'cut'> {
  return new Promise((resolve) => {
    let outcome: 'finished' | 'cut' = 'finished'
    const limit = setTimeout(() => {
      outcome = 'cut'
      server.closeAllConnections()
    }, limitSeconds * 1000)
    server.close(() => {
      clearTimeout(limit)
      resolve(outcome)
    })
  })
}

function urlOf({ address, family, port }: AddressInfo): string {
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`
}
