import { readFileSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../tasks/lib/errors.ts'
import { type NginxText, ownLines } from './own-lines.ts'
import { renderTemplate } from './template.ts'

export type { NginxText } from './own-lines.ts'

export interface NginxSettings {
  release: string
  listenHost: string
  listenPort: number
  upstreamHost: string
  upstreamPort: number
  /** The largest request body, as nginx writes sizes: `1k`, `50m`; `0`: no limit. */
  bodyLimit: string
  /** How long the service may pause before and within a response, and how long a WebSocket may be idle. */
  answerTimeoutSeconds: number
  /** Where the release is served: by nginx at `/version.txt`, by the service at any other path. */
  versionPath: string
  /** Lines for nginx's `server`; they override our own. */
  lines: NginxText | undefined
  /** Replaces nginx.conf.mustache. */
  template: NginxText | undefined
  /** The folder that holds version.txt. */
  webRoot: string
  /** The account of the worker processes. */
  user: string
  pidFile: string
  accessLog: string
  errorLog: string
  /** Folder for nginx's disk buffers; undefined: its package's default. */
  temporaryFolder: string | undefined
  workerConnections: number
  openFiles: number
  /** Maximum requests per connection. */
  keepaliveRequests: number
  /** How long an idle client connection stays open. */
  clientKeepaliveSeconds: number
  /** How long a client may take to send the head of a request. */
  clientHeaderSeconds: number
  /** How long a client may pause within a body or a response. */
  clientSeconds: number
  /** How long an idle upstream connection stays open; shorter than the upstream's own limit. */
  upstreamKeepaliveSeconds: number
  upstreamConnectSeconds: number
  /** Time for requests to finish when nginx stops or reloads. */
  shutdownSeconds: number
}

export type WantedNginx = Partial<NginxSettings> & Pick<NginxSettings, 'release' | 'upstreamPort'>

const versionPath = '/version.txt'

/** The settings of an instance: Debian's nginx, managed by systemd, on port 80. */
export const nginxDefaults: Omit<NginxSettings, 'release' | 'upstreamPort'> = {
  listenHost: '0.0.0.0',
  listenPort: 80,
  upstreamHost: '127.0.0.1',
  bodyLimit: '1m',
  answerTimeoutSeconds: 60,
  versionPath,
  lines: undefined,
  template: undefined,
  webRoot: '/var/www/bakeroll',
  user: 'www-data',
  pidFile: '/run/nginx.pid',
  accessLog: '/var/log/nginx/access.log',
  errorLog: '/var/log/nginx/error.log',
  temporaryFolder: undefined,
  workerConnections: 4096,
  openFiles: 16_384,
  keepaliveRequests: 100_000,
  clientKeepaliveSeconds: 75,
  clientHeaderSeconds: 10,
  clientSeconds: 60,
  // Servers close idle connections after 2 s (gunicorn) or 5 s (Node, uvicorn). A POST into a closing one would fail.
  upstreamKeepaliveSeconds: 1,
  upstreamConnectSeconds: 2,
  shutdownSeconds: 25,
}

/** Headers that tell the service about a request behind load balancer and nginx; empty ones discard what the client sent. */
const requestHeaders = [
  { name: 'Host', value: '$asked_host' },
  { name: 'Upgrade', value: '$asked_upgrade' },
  { name: 'Connection', value: '$service_connection' },
  { name: 'X-Request-Id', value: '$request_id' },
  { name: 'X-Forwarded-For', value: '$proxy_add_x_forwarded_for' },
  { name: 'X-Forwarded-Host', value: '$asked_host' },
  { name: 'X-Forwarded-Proto', value: '$asked_scheme' },
  { name: 'Forwarded', value: '""' },
  { name: 'Proxy', value: '""' },
]

/**
 * All nginx files by name. Throws a TypeError for a text setting that nginx would not read as one plain word, and
 * `usage` with file and line for invalid lines or an invalid template; the rest is left to `nginx -t`.
 */
export function renderNginx(settings: WantedNginx): Record<string, string> {
  const { template, lines, versionPath: asked, ...plain } = { ...nginxDefaults, ...settings }
  for (const [name, value] of Object.entries(plain)) assertPlain(name, value)
  if (!isBodyLimit(plain.bodyLimit))
    throw new TypeError(`nginx bodyLimit: expected ${bodyLimitForm}, got ${plain.bodyLimit}`)
  const own = ownLines(lines ?? { file: '', text: '' })
  const view = {
    ...plain,
    servesVersion: asked === versionPath && !own.locations.has(`= ${versionPath}`),
    passesRest: !own.locations.has('/'),
    keepsBodies: !/^0+\D?$/.test(plain.bodyLimit),
    requestHeaders: requestHeaders.filter(({ name }) => !own.requestHeaders.has(name.toLowerCase())),
    httpLines: own.http,
    serverLines: own.server,
  }
  return { 'nginx.conf': renderTemplate(template ?? ownTemplate(), view) }
}

export const bodyLimitForm = 'a size such as 512k, 50m or 1g, or 0 for no limit'

export function isBodyLimit(text: string): boolean {
  return /^\d{1,9}[kmg]?$/i.test(text)
}

/** A user's file as a setting of `renderNginx`; `file` is its name in errors. */
export function nginxFile(path: string, file = path): Pick<WantedNginx, 'lines' | 'template'> {
  const text = { file, text: readText(path, file) }
  return file.endsWith('.mustache') ? { template: text } : { lines: text }
}

/** Writes all nginx files into `folder`, world-readable, and returns their paths. */
export async function writeNginx(folder: string, settings: WantedNginx): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const files = Object.entries(renderNginx(settings)).map(([name, text]) => ({ path: join(folder, name), text }))
  for (const { path, text } of files) {
    await writeFile(path, text)
    await chmod(path, 0o644)
  }
  return files.map(({ path }) => path)
}

function ownTemplate(): NginxText {
  const file = 'nginx/nginx.conf.mustache'
  return { file, text: readFileSync(join(import.meta.dirname, 'nginx.conf.mustache'), 'utf8') }
}

function readText(path: string, file: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new OperatorError('usage', `${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}

function assertPlain(name: string, value: string | number | undefined): void {
  if (typeof value !== 'string' || /^[\w./:[\]@-]+$/.test(value)) return
  throw new TypeError(`nginx ${name}: expected a plain word or path, got ${JSON.stringify(value)}`)
}
