import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../lib/errors.ts'
import { backendName, type HaproxyServer, type HealthCheck, serverWords, word } from './haproxy-config.ts'
import { change, HaproxyStopped, mustChange, query } from './haproxy-socket.ts'
import { patientMs } from './pace-measurement.ts'

/** One server as the running HAProxy sees it. */
export interface ServerState {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly operational: 'up' | 'down'
  /** The requested state: `ready` takes requests, `drain` takes no new ones, `maint` takes none and is not checked. */
  readonly admin: 'ready' | 'drain' | 'maint'
  /** The last health check. `unknown`: none has finished yet. */
  readonly check: 'unknown' | 'passed' | 'failed'
  /** HAProxy's code for the last check, with the HTTP status if any: `L7OK 200`, `L4CON`; may be empty. */
  readonly checkDetail: string
  /** Requests in progress; idle keep-alive connections do not count. */
  readonly currentConnections: number
  readonly queued: number
}

/** All servers of the running load balancer, or `stopped` when it does not answer. */
export async function listServers(socketPath: string): Promise<ServerState[] | 'stopped'> {
  try {
    const [states, statistics] = [
      await query(socketPath, `show servers state ${backendName}`),
      await query(socketPath, `show stat ${backendName} 4 -1 json`),
    ]
    return parseServers(states, statistics)
  } catch (error) {
    if (error instanceof HaproxyStopped) return 'stopped'
    throw error
  }
}

/**
 * Adds a checked server without a reload; it gets its first request only after `rise` good checks. HAProxy 2.6 sends
 * requests to an enabled server before its first check, so the server is first put into `drain` and declared down.
 */
export async function addServer(socketPath: string, server: HaproxyServer, check: HealthCheck): Promise<void> {
  const name = serverName(server.id)
  await mustChange(socketPath, `add server ${name} ${serverWords(server, check).join(' ')}`)
  await mustChange(socketPath, `enable health ${name}`)
  await mustChange(socketPath, `set server ${name} state drain`)
  await mustChange(socketPath, `set server ${name} health down`)
  if (!server.drained) await resumeServer(socketPath, server.id)
}

/** Sends no new request to the server; running ones finish. */
export async function drainServer(socketPath: string, id: string): Promise<void> {
  await mustChange(socketPath, `set server ${serverName(id)} state drain`)
}

/** Puts a drained server back into the rotation. */
export async function resumeServer(socketPath: string, id: string): Promise<void> {
  await mustChange(socketPath, `set server ${serverName(id)} state ready`)
}

/**
 * Removes a server; an unknown one is no error. Running requests have `timeoutMs` to finish before they are cut. To
 * lose none: `drainServer`, wait until `currentConnections` is 0, `removeServer`, and only then terminate the instance.
 */
export async function removeServer(socketPath: string, id: string, timeoutMs = 10_000): Promise<'removed' | 'absent'> {
  const name = serverName(id)
  const maintained = await change(socketPath, `set server ${name} state maint`)
  if (maintained !== 'done' && maintained.error.startsWith('No such server')) return 'absent'
  if (await deletedWithin(timeoutMs, socketPath, name)) return 'removed'
  await mustChange(socketPath, `shutdown sessions server ${name}`)
  if (await deletedWithin(patientMs(2000), socketPath, name)) return 'removed'
  throw new OperatorError('failed', `the load balancer could not remove ${id}, which still has connections`)
}

/** HAProxy refuses to delete a server with connections, even idle ones; in maintenance it closes those itself. */
async function deletedWithin(timeoutMs: number, socketPath: string, name: string): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const outcome = await change(socketPath, `del server ${name}`)
    if (outcome === 'done' || outcome.error.startsWith('No such server')) return true
    if (!outcome.error.startsWith('Server still has connections')) {
      throw new OperatorError('failed', `load balancer refused to delete ${name}: ${outcome.error}`)
    }
    if (Date.now() > deadline) return false
    await sleep(50)
  }
}

function serverName(id: string): string {
  return `${backendName}/${word(id)}`
}

/** Joins `show servers state` (requested state, as bit masks) with `show stat json` (actual state), by server name. */
export function parseServers(states: string, statistics: string): ServerState[] {
  const statisticsById = parseStatistics(statistics)
  return parseTable(states).flatMap((row) => {
    const numbers = statisticsById.get(row.srv_name ?? '')
    return numbers ? [serverState(row, numbers)] : []
  })
}

function serverState(row: Record<string, string>, numbers: Record<string, string | number>): ServerState {
  const admin = Number(row.srv_admin_state)
  return {
    id: row.srv_name ?? '',
    host: row.srv_addr ?? '',
    port: Number(row.srv_port),
    operational: row.srv_op_state === '0' ? 'down' : 'up',
    // Management manual, 9.3, "show servers state": 0x01 | 0x02 | 0x20 are maintenance, 0x08 | 0x10 drain. 0x04 says that the
    // server began in maintenance by the configuration, and stays when it is ready again.
    admin: admin & 0x23 ? 'maint' : admin & 0x18 ? 'drain' : 'ready',
    check: ({ 2: 'failed', 3: 'passed', 4: 'passed' } as const)[row.srv_check_result ?? ''] ?? 'unknown',
    checkDetail: [numbers.check_status, numbers.check_code].filter((part) => part !== undefined).join(' '),
    currentConnections: Number(numbers.scur ?? 0),
    queued: Number(numbers.qcur ?? 0),
  }
}

/** First line: format version; second: `# name name ...`; then one server per line. */
function parseTable(text: string): Record<string, string>[] {
  const [, header = '', ...lines] = text.split('\n')
  const names = header.replace(/^# /, '').split(' ')
  const rows = lines.filter((line) => line !== '').map((line) => line.split(' '))
  return rows.map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ''])))
}

interface Statistic {
  readonly field: { readonly name: string }
  readonly value: { readonly value: string | number }
}

function parseStatistics(text: string): Map<string, Record<string, string | number>> {
  const servers = JSON.parse(text) as Statistic[][]
  const records = servers.map((fields) =>
    Object.fromEntries(fields.map(({ field, value }) => [field.name, value.value])),
  )
  return new Map(records.map((record) => [String(record.svname), record]))
}
