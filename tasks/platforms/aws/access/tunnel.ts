import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { OperatorError } from '../../../lib/errors.ts'
import { anyFreePort } from '../../../tools/ports.ts'
import { reasonIn } from '../../../tools/ssh.ts'

/** A port of this computer that leads to the web server of one instance. */
export interface Tunnel {
  /** `http://127.0.0.1:41234`. */
  readonly url: string
  isOpen(): boolean
  /** Ends it and its process. Safe to call twice. */
  close(): Promise<void>
}

const said = 'tunnel is open'

/** The ports of a tunnel: one of this computer, and the one of the instance that it leads to. */
export interface TunnelPorts {
  readonly here: number
  readonly there: number
}

/**
 * The arguments of ssh for a tunnel. The far side says when all stands, and ends with its standard
 * input, so that no tunnel outlives its owner, however that one ends.
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

/** Opens a tunnel over SSH. Throws `failed`, with what ssh said, when it does not stand within `timeoutSeconds`. */
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
    // Between the choice of a port and its use, somebody else may have taken it.
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

/** Waits until the tunnel stands; else gives all that was said against it. */
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
