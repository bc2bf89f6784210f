import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { OperatorError } from '../../../lib/errors.ts'
import { anyFreePort } from '../../../tools/ports.ts'
import { reasonIn } from '../../../tools/ssh.ts'

/** A local port forwarded to the web server of one instance. */
export interface Tunnel {
  /** `http://127.0.0.1:41234`. */
  readonly url: string
  isOpen(): boolean
  /** Also ends its process. Safe to call twice. */
  close(): Promise<void>
}

const said = 'tunnel is open'

/** `here` is the local port, `there` the instance's. */
export interface TunnelPorts {
  readonly here: number
  readonly there: number
}

/**
 * The arguments of ssh for a tunnel. The remote command announces that the tunnel is open and exits when its standard
 * input closes, so no tunnel outlives its owner, however the owner ends.
 */
export function tunnelArguments(sshArguments: readonly string[], { here, there }: TunnelPorts): string[] {
  const options = ['ExitOnForwardFailure=yes', 'ServerAliveInterval=5', 'ServerAliveCountMax=3']
  return [
    ...options.flatMap((option) => ['-o', option]),
    ...['-T', '-L', `127.0.0.1:${here}:127.0.0.1:${there}`],
    ...sshArguments,
    `echo ${said}; exec cat`,
  ]
}

const running = new Set<ChildProcess>()
const endAll = () => {
  for (const child of running) child.kill()
}

/** Opens a tunnel over SSH. Throws `failed`, with what ssh printed, when it is not open within `timeoutSeconds`. */
export async function openTunnel(
  sshArguments: readonly string[],
  { there = 80, timeoutSeconds = 45 } = {},
): Promise<Tunnel> {
  for (let tries = 1; ; tries++) {
    const here = await anyFreePort()
    const child = start(tunnelArguments(sshArguments, { here, there }))
    const failure = await standing(child, timeoutSeconds)
    if (failure === undefined) return tunnelOf(child, here)
    await end(child)
    // Another process may have taken the port since it was chosen.
    if (tries < 3 && /Address already in use|cannot listen to port/i.test(failure)) continue
    throw new OperatorError('failed', `no tunnel over SSH: ${reasonIn(failure)}`)
  }
}

function start(arguments_: string[]): ChildProcess {
  if (running.size === 0) process.once('exit', endAll)
  const child = spawn('ssh', arguments_, { stdio: 'pipe' })
  running.add(child)
  child.on('close', () => {
    running.delete(child)
    if (running.size === 0) process.off('exit', endAll)
  })
  child.stdin?.on('error', () => undefined)
  return child
}

/** Waits until the tunnel is open; otherwise returns what ssh printed. */
async function standing(child: ChildProcess, timeoutSeconds: number): Promise<string | undefined> {
  let complaints = ''
  let answer = ''
  let timer: NodeJS.Timeout | undefined
  const outcome = new Promise<string | undefined>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${timeoutSeconds} s`), timeoutSeconds * 1000)
    child.stdout?.on('data', (chunk) => {
      answer = `${answer}${chunk}`.slice(-1000)
      if (answer.includes(said)) resolve(undefined)
    })
    child.stderr?.on('data', (chunk) => {
      complaints = `${complaints}${chunk}`.slice(-10_000)
    })
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code) => resolve(complaints.trim() || `ssh ended with ${code ?? 'a signal'}`))
  })
  return outcome.finally(() => clearTimeout(timer))
}

function tunnelOf(child: ChildProcess, port: number): Tunnel {
  return {
    url: `http://127.0.0.1:${port}`,
    isOpen: () => running.has(child) && child.exitCode === null && child.signalCode === null,
    close: () => end(child),
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (!running.has(child) || child.pid === undefined) return
  const closed = once(child, 'close')
  child.kill()
  await closed
}
