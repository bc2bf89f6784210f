import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../../../checker/atomic-file.ts'
import type { Limits } from '../../lib/pace.ts'
import type { TargetHealth } from '../../lib/platform.ts'
import { type HaproxyFiles, haproxyState, reloadHaproxy, startHaproxy, stopHaproxy } from '../../tools/haproxy.ts'
import { type HaproxyServer, renderHaproxyConfig } from '../../tools/haproxy-config.ts'
import {
  addServer,
  drainServer,
  listServers,
  removeServer,
  resumeServer,
  type ServerState,
} from '../../tools/haproxy-runtime.ts'
import type { InstanceRecord } from './instances.ts'

/** The HAProxy of one group, whose configuration file and running state always agree. */
export interface LoadBalancer {
  readonly host: string
  readonly port: number
  state(): Promise<'running' | 'stopped'>
  /** Health of each instance by id; empty when stopped. */
  healths(): Promise<Map<string, TargetHealth>>
  start(instances: readonly InstanceRecord[]): Promise<void>
  /** Brings the running load balancer to exactly these instances; returns the changes in words. */
  adjust(instances: readonly InstanceRecord[]): Promise<string[]>
  stop(): Promise<void>
}

/** Short intervals, because a laptop has few instances. */
const checkEvery = { checkIntervalMs: 1000, rise: 2, fall: 3 }

/** Draining cuts requests that take longer. */
const drainTimeoutMs = 60_000

export interface Balanced {
  readonly group: string
  readonly folder: string
  readonly port: number
  /** What an instance must answer with 200. */
  readonly healthPath: string
  /** How long the service may be silent within an answer. */
  readonly answerTimeoutSeconds: number
  limits(): Limits
}

/** nginx gives up first, and says so with 504. */
const longerThanNginxSeconds = 5

export function loadBalancerOf(balanced: Balanced): LoadBalancer {
  const { group, folder: groupFolder, port, healthPath, answerTimeoutSeconds, limits } = balanced
  const host = '127.0.0.1'
  const jail = process.getuid?.() === 0 ? join(groupFolder, 'empty') : undefined
  const files: HaproxyFiles = {
    configFile: join(groupFolder, 'haproxy.cfg'),
    pidFile: join(groupFolder, 'haproxy.pid'),
    socketPath: join(groupFolder, 'haproxy.sock'),
  }

  const writeConfig = async (instances: readonly InstanceRecord[]) => {
    const { pidFile, socketPath } = files
    const servers = instances.map(serverOf)
    const { healthCheckMs, balancerConnectMs, balancerQueueMs } = limits()
    const text = renderHaproxyConfig({
      name: group,
      bindHost: host,
      bindPort: port,
      socketPath,
      pidFile,
      servers,
      drainTimeoutMs,
      jail,
      ...checkEvery,
      checkTimeoutMs: healthCheckMs,
      checkPath: healthPath,
      answerSeconds: Math.max(60, answerTimeoutSeconds + longerThanNginxSeconds),
      connectTimeoutMs: balancerConnectMs,
      queueTimeoutMs: balancerQueueMs,
    })
    writeAtomically(files.configFile, text)
  }

  /** Not running, or running without its admin socket: useless either way. */
  const isMute = async () =>
    (await haproxyState(files)) === 'stopped' || (await listServers(files.socketPath)) === 'stopped'

  return {
    host,
    port,
    state: () => isMute().then((mute) => (mute ? 'stopped' : 'running')),

    async healths() {
      const servers = await listServers(files.socketPath)
      if (servers === 'stopped') return new Map()
      return new Map(servers.map((server) => [server.id, healthOf(server)]))
    },

    async start(instances) {
      await writeConfig(instances)
      if (jail !== undefined) await mkdir(jail, { recursive: true, mode: 0o700 })
      if (await isMute()) await stopHaproxy(files)
      await startHaproxy({ ...files, bindHost: host, bindPort: port })
    },

    async adjust(instances) {
      const before = await ofServiceIn(files.configFile)
      await writeConfig(instances)
      const known = await listServers(files.socketPath)
      if (known === 'stopped') return []
      if (before === (await ofServiceIn(files.configFile))) return adjustServers(files.socketPath, known, instances)
      await reloadHaproxy(files)
      return ['the load balancer has its new settings']
    },

    async stop() {
      await stopHaproxy(files)
      if (existsSync(files.configFile)) await rm(files.configFile)
    },
  }
}

/** What follows the service and a running HAProxy cannot be told. Limits that follow this computer's pace are no reason to reload. */
async function ofServiceIn(configFile: string): Promise<string | undefined> {
  const text = await readFile(configFile, 'utf8').catch(() => '')
  return text.match(/^ *(http-check send|timeout server) .*$/gm)?.join('\n')
}

async function adjustServers(
  socketPath: string,
  known: readonly ServerState[],
  instances: readonly InstanceRecord[],
): Promise<string[]> {
  const changes: string[] = []
  for (const server of known) {
    if (instances.some((instance) => instance.id === server.id)) continue
    await removeServer(socketPath, server.id, drainTimeoutMs)
    changes.push(`removed ${server.id} from the load balancer`)
  }
  for (const instance of instances) {
    const server = known.find(({ id }) => id === instance.id)
    if (server === undefined) {
      await addServer(socketPath, serverOf(instance), checkEvery)
      changes.push(`added ${instance.id} to the load balancer`)
    } else if (instance.draining && server.admin !== 'drain') {
      await drainServer(socketPath, instance.id)
      changes.push(`draining ${instance.id}`)
    } else if (!instance.draining && server.admin !== 'ready') {
      await resumeServer(socketPath, instance.id)
      changes.push(`put ${instance.id} back into service`)
    }
  }
  return changes
}

function serverOf(instance: InstanceRecord): HaproxyServer {
  return { id: instance.id, host: instance.host, port: instance.httpPort, drained: instance.draining }
}

function healthOf(server: ServerState): TargetHealth {
  if (server.admin !== 'ready') return server.currentConnections + server.queued > 0 ? 'draining' : 'unused'
  if (server.operational === 'up') return 'healthy'
  // HAProxy has no last result while a check runs, so only servers that never passed one show up here.
  return server.check === 'unknown' ? 'initial' : 'unhealthy'
}
