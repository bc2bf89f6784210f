import { chmod, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExecaError, execa } from 'execa'
import { OperatorError } from '../lib/errors.ts'
import { HaproxyStopped, query } from './haproxy-socket.ts'
import { patientMs } from './pace-measurement.ts'
import { ownProcess } from './process.ts'

/** Files of one load balancer, absolute, as in its configuration. */
export interface HaproxyFiles {
  readonly configFile: string
  readonly pidFile: string
  readonly socketPath: string
}

export async function haproxyState(files: HaproxyFiles): Promise<'running' | 'stopped'> {
  return ownProcess(files.pidFile, files.configFile) === undefined ? 'stopped' : 'running'
}

/**
 * Starts HAProxy in the background, where it outlives this process, and waits until its runtime API answers. Replaces a
 * pid file or socket left by a crash. Refuses when another program uses the port.
 */
export async function startHaproxy(
  files: HaproxyFiles & { readonly bindHost: string; readonly bindPort: number },
): Promise<'started' | 'unchanged'> {
  if ((await haproxyState(files)) === 'running') return 'unchanged'
  await runHaproxy(validateArguments(files))
  await refuseTakenPort(files.bindHost, files.bindPort)
  await runHaproxy(startArguments(files))
  await chmod(files.pidFile, 0o600)
  await untilAnswers(files.socketPath, patientMs(10_000))
  return 'started'
}

/**
 * Lets a new HAProxy with the configuration of now take over from the running one, which still finishes its requests. For a few
 * milliseconds neither accepts connections (https://docs.haproxy.org/2.6/management.html, 4).
 */
export async function reloadHaproxy(files: HaproxyFiles): Promise<void> {
  const pid = ownProcess(files.pidFile, files.configFile)
  if (pid === undefined) return
  await runHaproxy(validateArguments(files))
  await runHaproxy([...startArguments(files), '-sf', String(pid)])
  await chmod(files.pidFile, 0o600)
  await untilAnswers(files.socketPath, patientMs(10_000))
}

/**
 * Stops only the HAProxy of this configuration file. It closes its port at once and has `softStopMs` to finish running
 * requests; then they are cut.
 */
export async function stopHaproxy(
  files: HaproxyFiles,
  softStopMs = patientMs(10_000),
): Promise<'stopped' | 'unchanged'> {
  const pid = ownProcess(files.pidFile, files.configFile)
  if (pid !== undefined) {
    const ended = (await endedBy(files, 'SIGUSR1', softStopMs)) || (await endedBy(files, 'SIGTERM', patientMs(2000)))
    if (!ended && !(await endedBy(files, 'SIGKILL', patientMs(10_000)))) {
      throw new OperatorError('failed', `load balancer, process ${pid}, did not stop`, { hint: `kill -9 ${pid}` })
    }
  }
  await Promise.all([rm(files.pidFile, { force: true }), rm(files.socketPath, { force: true })])
  return pid === undefined ? 'unchanged' : 'stopped'
}

async function endedBy(files: HaproxyFiles, signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  for (let signalled = false; ; signalled = true) {
    const pid = ownProcess(files.pidFile, files.configFile)
    if (pid === undefined) return true
    if (Date.now() > deadline) return false
    if (!signalled) sendSignal(pid, signal)
    await sleep(20)
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Debian keeps haproxy in /usr/sbin, which is not on every user's PATH. */
async function runHaproxy(haproxyArguments: string[]): Promise<void> {
  const PATH = [process.env.PATH, '/usr/sbin', '/usr/local/sbin'].join(':')
  try {
    await execa('haproxy', haproxyArguments, { stdin: 'ignore', cleanup: false, env: { PATH } })
  } catch (cause) {
    if (!(cause instanceof ExecaError)) throw cause
    if (cause.code === 'ENOENT') {
      throw new OperatorError('failed', 'haproxy is not installed', { hint: 'npm run doctor', cause })
    }
    throw new OperatorError('failed', `haproxy ${haproxyArguments.join(' ')}: ${alerts(String(cause.stderr))}`, {
      cause,
    })
  }
}

/** HAProxy's error messages without their prefix: `[ALERT]    (123) : config : ...`. */
function alerts(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.startsWith('[ALERT]'))
  return lines.map((line) => line.replace(/^\[ALERT\]\s*\(\d+\) : /, '')).join('; ') || stderr.trim()
}

/** HAProxy's own message gives no advice, so the port is tried first. */
function refuseTakenPort(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (cause: NodeJS.ErrnoException) => reject(portError(host, port, cause)))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()))
  })
}

function portError(host: string, port: number, cause: NodeJS.ErrnoException): OperatorError {
  const taken = cause.code === 'EADDRINUSE'
  const message = taken ? 'is used by another program' : `cannot be listened on: ${cause.message}`
  const hint = `choose another port, e.g. export BAKEROLL_LOCAL_PORT=${port === 8080 ? 8081 : 8080}`
  return new OperatorError('refused', `${host}:${port} ${message}`, { hint, cause })
}

async function untilAnswers(socketPath: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      await query(socketPath, 'show version')
      return
    } catch (error) {
      if (!(error instanceof HaproxyStopped) || Date.now() > deadline) throw error
    }
    await sleep(20)
  }
}

/** HAProxy's arguments to check a configuration file without starting. */
export function validateArguments(files: HaproxyFiles): string[] {
  return ['-c', ...inItsFolder(files)]
}

/** HAProxy's arguments to start in the background. */
export function startArguments(files: HaproxyFiles): string[] {
  return ['-D', ...inItsFolder(files)]
}

/** The configuration's socket path is relative to the socket's folder. */
function inItsFolder({ configFile, socketPath }: HaproxyFiles): string[] {
  return ['-C', dirname(socketPath), '-f', configFile]
}
