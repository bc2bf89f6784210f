import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { findProgram } from '../tasks/tools/system-packages.ts'

export interface Server {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

/** nginx, which serves the time to the millisecond, on every address of 127.0.0.0/8. */
export async function startNginx(folder: string): Promise<Server> {
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  writeFileSync(
    file,
    `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log; worker_processes 1;
     events { worker_connections 16384; }
     http { access_log off; default_type text/plain; ${paths.join(' ')}
       server { listen ${port} backlog=4096;
         location = /now { return 200 "$msec\\n"; }
         location = /version.txt { return 200 "1.0.0\\n"; } } }`,
  )
  return start(program('nginx', 'nginx-light'), ['-e', join(folder, 'nginx.log'), '-c', file], port)
}

/** Prometheus' blackbox_exporter from Debian's package, requested over HTTP for each target. */
export async function startBlackboxExporter(folder: string): Promise<Server> {
  const port = await freePort()
  const file = join(folder, 'blackbox.yml')
  writeFileSync(file, 'modules: { http_2xx: { prober: http, timeout: 5s, http: { preferred_ip_protocol: ip4 } } }\n')
  const words = [`--config.file=${file}`, `--web.listen-address=127.0.0.1:${port}`]
  return start(program('prometheus-blackbox-exporter', 'prometheus-blackbox-exporter'), words, port)
}

/** The exporter of the bundled checker. */
export async function startExporter(bundle: string, ...flags: readonly string[]): Promise<Server> {
  const port = await freePort()
  return start(process.execPath, [bundle, '--serve', `127.0.0.1:${port}`, '--ntp', 'none', ...flags], port)
}

/** The path of a program. Throws with the name of Debian's package when it is not installed. */
export function program(name: string, debianPackage: string): string {
  const path = findProgram(name)
  if (path === undefined) throw new Error(`${name} is not installed: apt-get install ${debianPackage}`)
  return path
}

async function start(path: string, words: readonly string[], port: number): Promise<Server> {
  const child = spawn(path, words, { stdio: 'ignore' })
  for (let tries = 0; !(await listens(port)); tries++) {
    if (tries > 200 || child.exitCode !== null) throw new Error(`${path} ${words.join(' ')} does not listen`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { port, pid: child.pid as number, stop: () => stop(child) }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill()
  await once(child, 'exit')
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' })
    socket.on('connect', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Resident memory in mebibytes, current and peak. */
export function memoryOf(pid: number): { nowMib: number; mostMib: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return { nowMib: mib('VmRSS'), mostMib: mib('VmHWM') }
}

/** A process's processor time in seconds, to the hundredth (proc(5), stat). */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
