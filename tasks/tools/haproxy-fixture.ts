import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HaproxyFiles, startHaproxy, stopHaproxy } from './haproxy.ts'
import { type HaproxyServer, renderHaproxyConfig } from './haproxy-config.ts'
import { listServers, type ServerState } from './haproxy-runtime.ts'

type Teardown = { teardown(handler: () => unknown): void }

/** Checks fast enough for tests. */
export const fastCheck = { checkIntervalMs: 200, rise: 2, fall: 2 }
const timeouts = {
  checkPath: '/healthz',
  answerSeconds: 60,
  checkTimeoutMs: 500,
  connectTimeoutMs: 5000,
  queueTimeoutMs: 30_000,
}

export type Balancer = HaproxyFiles & { bindHost: string; bindPort: number; url: string }

/** Writes the configuration of a load balancer on a free port; stops it, if it runs, when the test ends. */
export async function prepareBalancer(t: Teardown, servers: HaproxyServer[], below = ''): Promise<Balancer> {
  const temporary = await mkdtemp(join(tmpdir(), 'haproxy-'))
  const folder = join(temporary, below)
  const jail = process.getuid?.() === 0 ? join(folder, 'empty') : undefined
  await mkdir(jail ?? folder, { recursive: true })
  const files = {
    configFile: join(folder, 'haproxy.cfg'),
    pidFile: join(folder, 'pid'),
    socketPath: join(folder, 'socket'),
  }
  const bind = { bindHost: '127.0.0.1', bindPort: await freePort() }
  const settings = {
    name: 'timeapp',
    ...bind,
    ...files,
    ...fastCheck,
    ...timeouts,
    servers,
    drainTimeoutMs: 5000,
    jail,
  }
  await writeFile(files.configFile, renderHaproxyConfig(settings))
  t.teardown(async () => {
    await stopHaproxy(files, 0)
    await rm(temporary, { recursive: true })
  })
  return { ...files, ...bind, url: `http://127.0.0.1:${bind.bindPort}` }
}

/** Like `prepareBalancer`, and starts it. */
export async function runBalancer(t: Teardown, servers: HaproxyServer[]): Promise<Balancer> {
  const balancer = await prepareBalancer(t, servers)
  await startHaproxy(balancer)
  return balancer
}

export interface Backend extends HaproxyServer {
  /** The status of `/healthz`. */
  health: number
  /**
   * Ends every other request without an answer, as QEMU's port forwarding does when nothing listens in the guest, or
   * answers 504, as nginx does when the service behind it is too slow.
   */
  broken?: 'closes' | 'resets' | 'says 504'
  requests: number
  kill(): void
}

/** A real server that answers with its id, at `/slow` after 1.5 s. */
export async function runBackend(t: Teardown, id: string): Promise<Backend> {
  const server = createServer(async (request, response) => {
    if (request.url === '/healthz') return response.writeHead(backend.health).end()
    backend.requests += 1
    if (backend.broken === 'closes') return request.socket.destroy()
    if (backend.broken === 'resets') return request.socket.resetAndDestroy()
    if (backend.broken === 'says 504') return response.writeHead(504).end()
    if (request.url === '/slow') await sleep(1500)
    return response.end(id)
  })
  const kill = () => {
    server.close()
    server.closeAllConnections()
  }
  const backend: Backend = { id, host: '127.0.0.1', port: await listen(server), health: 200, requests: 0, kill }
  t.teardown(kill)
  return backend
}

/** The server's state once it meets the condition; throws after 5 s. */
export async function serverOnce(
  balancer: Balancer,
  id: string,
  condition: (server: ServerState) => boolean,
): Promise<ServerState> {
  let seen: ServerState | undefined
  for (const deadline = Date.now() + 5000; Date.now() < deadline; await sleep(20)) {
    const servers = await listServers(balancer.socketPath)
    seen = servers === 'stopped' ? undefined : servers.find((server) => server.id === id)
    if (seen && condition(seen)) return seen
  }
  throw new Error(`server ${id} stays ${JSON.stringify(seen)}`)
}

export type Answer = { status: number | undefined; body: string; headers: IncomingHttpHeaders }

/** The load balancer's complete answer, on a new connection. */
export function ask(balancer: Balancer, path = '/', method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(balancer.url + path, { method, agent: false }, async (response) => {
      const body = (await response.setEncoding('utf8').toArray()).join('')
      resolve({ status: response.statusCode, body, headers: response.headers })
    })
    asked.on('error', reject).end()
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
