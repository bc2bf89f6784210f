import { basename } from 'node:path'
import { singleQuoted } from '../../checker/shell-word.ts'
import { OperatorError } from '../lib/errors.ts'

/** One instance behind the load balancer. `drained` keeps it out of rotation after a restart too. */
export interface HaproxyServer {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly drained?: boolean
}

/** Up after `rise` answers of 200, down after `fall` others. */
export interface HealthCheck {
  readonly checkIntervalMs: number
  readonly rise: number
  readonly fall: number
}

export interface HaproxySettings extends HealthCheck {
  readonly name: string
  readonly bindHost: string
  readonly bindPort: number
  /** The runtime API's UNIX socket. */
  readonly socketPath: string
  /** For an HAProxy started by root: the empty folder that it is confined to after dropping root. */
  readonly jail?: string | undefined
  readonly pidFile: string
  readonly servers: readonly HaproxyServer[]
  readonly checkTimeoutMs: number
  /** Asked by `GET`. */
  readonly checkPath: string
  readonly connectTimeoutMs: number
  /** How long an instance may be silent within an answer. */
  readonly answerSeconds: number
  /** Maximum wait of a request for a free connection. */
  readonly queueTimeoutMs: number
  /** Time for running requests to finish after a soft stop, before they are cut. */
  readonly drainTimeoutMs: number
}

/** The only backend; the runtime API names servers as `instances/<id>`. */
export const backendName = 'instances'

/**
 * The configuration for HAProxy 2.6 as the load balancer of one group. Throws on a name that HAProxy would misread. At
 * start HAProxy trusts every server until its first check, and one failure takes it out; `drained` ones stay out.
 */
export function renderHaproxyConfig(settings: HaproxySettings): string {
  const sections = [
    globalSection(settings),
    defaultsSection(settings),
    frontendSection(settings),
    backendSection(settings),
  ]
  return `# Load balancer of the group ${word(settings.name)}. Written by bakeroll: changes by hand are lost.\n${sections.join('\n')}`
}

/** The keywords of a server, the same in the file and in `add server`, which ignores `default-server`. */
export function serverWords(server: HaproxyServer, check: HealthCheck): string[] {
  return [
    address(server.host, server.port),
    'check',
    ...['inter', String(check.checkIntervalMs)],
    ...['fastinter', String(Math.ceil(check.checkIntervalMs / 2))],
    ...['rise', String(check.rise)],
    ...['fall', String(check.fall)],
    // Explicit because a server added at run time defaults to 0 and 0: a new connection per request.
    ...['pool-max-conn', '100', 'pool-purge-delay', '5s'],
  ]
}

/** Returns the word if HAProxy reads it as one word in its file and its runtime API; otherwise throws. */
export function word(text: string): string {
  if (/^[A-Za-z0-9_.:-]+$/.test(text)) return text
  throw new OperatorError('usage', `expected letters, digits and _ . : - only, got ${JSON.stringify(text)}`)
}

// maxconn: HAProxy needs about two file descriptors per connection and raises its soft limit (often 1024) to match.
// 1000 stays below the usual hard limits; its own default follows the hard limit, up to gigabytes for the table.
// nbthread: the computer's cores are for the instances. noreuseport: no second HAProxy can share the port.
// The socket path is relative to its own folder, where HAProxy starts: a socket address holds 107 bytes (unix(7)).
function globalSection(settings: HaproxySettings): string {
  return `
global
  daemon
  nbthread 1
  maxconn 1000
  noreuseport
  hard-stop-after ${settings.drainTimeoutMs}ms
  pidfile ${quoted(settings.pidFile)}
  stats socket ${quoted(`unix@${basename(settings.socketPath)}`)} mode 600 level admin
  stats timeout 30s
${settings.jail === undefined ? '' : withoutRights(settings.jail)}`
}

/** The user and group of Debian's HAProxy package. */
function withoutRights(jail: string): string {
  return `  chroot ${quoted(jail)}
  user haproxy
  group haproxy
`
}

function defaultsSection(settings: HaproxySettings): string {
  return `
defaults
  mode http
  timeout connect ${settings.connectTimeoutMs}ms
  timeout client 60s
  timeout server ${settings.answerSeconds}s
  timeout http-request 10s
  timeout http-keep-alive 75s
  timeout queue ${settings.queueTimeoutMs}ms
  timeout tunnel 1h
  timeout check ${settings.checkTimeoutMs}ms
`
}

function frontendSection(settings: HaproxySettings): string {
  return `
frontend public
  bind ${address(settings.bindHost, settings.bindPort)}
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-error status 502 content-type text/plain string "502 the instance gave no valid answer\\n" hdr Cache-Control no-store
  http-error status 503 content-type text/plain string "503 no instance is in service\\n" hdr Cache-Control no-store hdr Retry-After 5
  http-error status 504 content-type text/plain string "504 the instance did not answer in time\\n" hdr Cache-Control no-store
  default_backend ${backendName}
`
}

// A failed connection is always retried, each time on another server. A connection that ended without an answer may
// have been processed (QEMU's port forwarding looks the same when nothing listens in the guest), so only GET and HEAD
// (METH_GET) are repeated then (RFC 9110, 9.2.2). There is no "on-marked-down shutdown-sessions": the sockets of a dead
// instance close by themselves, and a flapping check on a busy computer must not cut requests that would finish.
function backendSection(settings: HaproxySettings): string {
  return `
backend ${backendName}
  balance roundrobin
  http-reuse safe
  option redispatch 1
  retries 3
  retry-on conn-failure empty-response 502 504
  http-request disable-l7-retry unless METH_GET
  option httpchk
  http-check send meth GET uri ${singleQuoted(settings.checkPath)} ver HTTP/1.1 hdr Host ${word(settings.name)}
  http-check expect status 200
${settings.servers.map((server) => `  ${serverLine(server, settings)}\n`).join('')}`
}

function serverLine(server: HaproxyServer, check: HealthCheck): string {
  const words = ['server', word(server.id), ...serverWords(server, check)]
  return (server.drained ? [...words, 'disabled'] : words).join(' ')
}

function address(host: string, port: number): string {
  return `${word(host)}:${port}`
}

/** HAProxy treats single quotes like a shell and expands nothing inside (configuration manual, 2.2). */
function quoted(path: string): string {
  if (/[\r\n]/.test(path)) throw new OperatorError('usage', `a path must be one line, got ${JSON.stringify(path)}`)
  return singleQuoted(path)
}
