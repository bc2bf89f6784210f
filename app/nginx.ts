import { readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import mustache from 'mustache'

export interface NginxSettings {
  release: string
  listenHost: string
  listenPort: number
  upstreamHost: string
  upstreamPort: number
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
  /** How long a client may pause within a request or an answer. */
  clientSeconds: number
  /** How long an idle upstream connection stays open; shorter than the upstream's own limit. */
  upstreamKeepaliveSeconds: number
  upstreamConnectSeconds: number
  /** How long the upstream may pause within an answer. */
  upstreamAnswerSeconds: number
  /** Time for requests to finish when nginx stops or reloads. */
  shutdownSeconds: number
}

/** The settings of an instance: Debian's nginx, managed by systemd, on port 80. */
export const nginxDefaults: Omit<NginxSettings, 'release'> = {
  listenHost: '0.0.0.0',
  listenPort: 80,
  upstreamHost: '127.0.0.1',
  upstreamPort: 3000,
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
  clientSeconds: 10,
  upstreamKeepaliveSeconds: 30,
  upstreamConnectSeconds: 2,
  upstreamAnswerSeconds: 10,
  shutdownSeconds: 25,
}

const templateFolder = join(import.meta.dirname, 'nginx')
const templateSuffix = '.mustache'

/** All nginx files by name; throws a TypeError for a text setting that nginx would not read as one plain word. */
export function renderNginx(settings: Partial<NginxSettings> & { release: string }): Record<string, string> {
  const view = { ...nginxDefaults, ...settings }
  for (const [name, value] of Object.entries(view)) assertPlain(name, value)
  const templates = readdirSync(templateFolder).filter((name) => name.endsWith(templateSuffix))
  return Object.fromEntries(
    templates.sort().map((name) => {
      const template = readFileSync(join(templateFolder, name), 'utf8')
      return [basename(name, templateSuffix), mustache.render(template, view, {}, { escape: String })]
    }),
  )
}

/** Writes all nginx files into `folder`, world-readable, and returns their paths. */
export async function writeNginx(
  folder: string,
  settings: Partial<NginxSettings> & { release: string },
): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const files = Object.entries(renderNginx(settings)).map(([name, text]) => ({ path: join(folder, name), text }))
  for (const { path, text } of files) {
    await writeFile(path, text)
    await chmod(path, 0o644)
  }
  return files.map(({ path }) => path)
}

function assertPlain(name: string, value: string | number | undefined): void {
  if (typeof value !== 'string' || /^[\w./:[\]@-]+$/.test(value)) return
  throw new TypeError(`nginx ${name}: expected a plain word or path, got ${JSON.stringify(value)}`)
}
