import { execa } from 'execa'
import { shellWord } from '../../checker/shell-word.ts'
import { OperatorError } from '../lib/errors.ts'

/** How to reach one machine. */
export interface SshTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly privateKeyFile: string
  /** Holds the machine's pinned host key and no other. */
  readonly knownHostsFile: string
  /** The name under which `knownHostsFile` holds the key, where that is not host and port: addresses are used again. */
  readonly hostKeyAlias?: string
  /** A program and its arguments whose standard input and output lead to the machine. */
  readonly proxyCommand?: readonly string[]
}

/**
 * The arguments of `ssh` up to and with the destination; the command follows. The host key must be the pinned one, and
 * nothing of the user's own configuration or agent takes part.
 */
export function sshArguments(target: SshTarget, connectTimeoutSeconds = 30): string[] {
  const options = {
    BatchMode: 'yes',
    IdentityFile: quoted(target.privateKeyFile),
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: quoted(target.knownHostsFile),
    GlobalKnownHostsFile: '/dev/null',
    ...(target.hostKeyAlias === undefined ? {} : { HostKeyAlias: target.hostKeyAlias }),
    ...(target.proxyCommand === undefined
      ? {}
      : { ProxyCommand: literal(target.proxyCommand.map(shellWord).join(' ')) }),
    ConnectTimeout: String(connectTimeoutSeconds),
    ServerAliveInterval: '15',
    LogLevel: 'ERROR',
  }
  return [
    ...['-F', 'none', '-p', String(target.port)],
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    `${target.user}@${target.host}`,
  ]
}

/** A path without ssh's tokens (`%h` and the like, ssh_config(5)): a percent sign is written twice. */
function literal(path: string): string {
  return path.replaceAll('%', '%%')
}

/** A path as one word of ssh_config(5), where a backslash goes before a quote and before itself. */
function quoted(path: string): string {
  return `"${literal(path).replaceAll(/["\\]/g, '\\$&')}"`
}

/**
 * The ed25519 host key that a machine published on its serial console, between the marks that cloud-init uses
 * (`-----BEGIN SSH HOST KEY KEYS-----`); the last whole one when it booted more than once, because a word of the kernel in
 * the middle of a line makes it no key.
 */
export function hostKeyFrom(consoleText: string): string | undefined {
  const blocks = consoleText.matchAll(
    /-----BEGIN SSH HOST KEY KEYS-----\r?\n([\s\S]*?)-----END SSH HOST KEY KEYS-----/g,
  )
  // A key of 32 bytes behind its own name (RFC 8709, section 4) is 68 characters of base64.
  const keys = [...blocks].map(
    ([, lines = '']) => lines.match(/^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5[\w+/]{48}(?=\s)/m)?.[0],
  )
  return keys.findLast((key) => key !== undefined)
}

/** What a command on a machine said. */
export interface RemoteAnswer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a shell script on a machine, given to `sh` on its standard input, and gives back what it said, whatever its exit
 * code. Throws an OperatorError when the machine is not reached (ssh's own exit code 255), `timeoutSeconds` pass, or the
 * signal stops it (its kind is then `interrupted`).
 */
export async function runOver(
  arguments_: readonly string[],
  script: string,
  { timeoutSeconds, signal }: { timeoutSeconds: number; signal?: AbortSignal },
): Promise<RemoteAnswer> {
  const result = await execa('ssh', [...arguments_, 'sudo sh -s'], {
    input: script,
    reject: false,
    timeout: timeoutSeconds * 1000,
    ...(signal ? { cancelSignal: signal } : {}),
  })
  if (result.isCanceled) throw new OperatorError('interrupted', 'a command over SSH was stopped')
  if (result.timedOut) throw new OperatorError('failed', `no answer over SSH within ${timeoutSeconds} s`)
  if (result.exitCode === 255 || result.exitCode === undefined) {
    throw new OperatorError(
      'failed',
      `not reachable over SSH: ${reasonIn(result.stderr || String(result.cause ?? ''))}`,
    )
  }
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr }
}

/** What ssh says after a proxy command that has told the reason itself. */
const echoes =
  /^(kex_exchange_identification: |Connection (closed|reset) by UNKNOWN port|banner exchange: Connection to UNKNOWN)/

/** The one line of ssh's complaints, and of its proxy command's, that tells most: the last that is no mere echo. */
export function reasonIn(complaints: string): string {
  const lines = complaints
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.findLast((line) => !echoes.test(line)) ?? lines.at(-1) ?? ''
}
