import { execa } from 'execa'
import { shellWord } from '../../checker/shell-word.ts'
import { OperatorError } from '../lib/errors.ts'

export interface SshTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly privateKeyFile: string
  /** Holds only the machine's pinned host key. */
  readonly knownHostsFile: string
  /** The name of the key in `knownHostsFile`, if not host and port: addresses are reused. */
  readonly hostKeyAlias?: string
  /** A command whose standard input and output are connected to the machine. */
  readonly proxyCommand?: readonly string[]
}

/**
 * The arguments of `ssh` up to and including the destination; the command follows. Only the pinned host key is
 * accepted, and the user's configuration and agent are ignored.
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

/** Escapes ssh's tokens (`%h` etc., ssh_config(5)): a percent sign is doubled. */
function literal(path: string): string {
  return path.replaceAll('%', '%%')
}

/** Quotes a path for ssh_config(5), with a backslash before quotes and backslashes. */
function quoted(path: string): string {
  return `"${literal(path).replaceAll(/["\\]/g, '\\$&')}"`
}

/**
 * The ed25519 host key that a machine published on its serial console, between cloud-init's marks (`-----BEGIN SSH HOST
 * KEY KEYS-----`). After several boots, the last complete one: a kernel message in the middle of a line spoils a key.
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

export interface RemoteAnswer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface RunLimits {
  readonly timeoutSeconds: number
  readonly signal?: AbortSignal
}

/**
 * Runs a shell script on a machine, passed to `sh` on standard input; returns its output, whatever its exit code.
 * Throws an OperatorError when the machine cannot be reached (ssh's exit code 255), after `timeoutSeconds`, or when the
 * signal stops it (kind `interrupted`).
 */
export async function runOver(arguments_: readonly string[], script: string, limits: RunLimits): Promise<RemoteAnswer> {
  return answerOf([...arguments_, 'sudo sh -s'], { input: script }, limits)
}

/** Runs a command of the machine's shell with a file of this computer on its standard input; otherwise as `runOver`. */
export async function feedOver(
  arguments_: readonly string[],
  command: string,
  inputFile: string,
  limits: RunLimits,
): Promise<RemoteAnswer> {
  return answerOf([...arguments_, command], { inputFile }, limits)
}

async function answerOf(
  argv: readonly string[],
  input: { readonly input: string } | { readonly inputFile: string },
  { timeoutSeconds, signal }: RunLimits,
): Promise<RemoteAnswer> {
  const result = await execa('ssh', argv, {
    ...input,
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

/** What ssh prints after the proxy command has reported the real reason. */
const echoes =
  /^(kex_exchange_identification: |Connection (closed|reset) by UNKNOWN port|banner exchange: Connection to UNKNOWN)/

/** The most telling line of ssh's and the proxy command's errors: the last that is not a mere echo. */
export function reasonIn(complaints: string): string {
  const lines = complaints
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.findLast((line) => !echoes.test(line)) ?? lines.at(-1) ?? ''
}
