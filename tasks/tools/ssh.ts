import { execa } from 'execa'
import { OperatorError } from '../lib/errors.ts'

/** How to reach one machine. */
export interface SshTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly privateKeyFile: string
  /** Holds the machine's pinned host key and no other. */
  readonly knownHostsFile: string
}

/**
 * The arguments of `ssh` up to and with the destination; the command follows. The host key must be the pinned one, and
 * nothing of the user's own configuration or agent takes part.
 */
export function sshArguments(target: SshTarget, connectTimeoutSeconds = 30): string[] {
  const options = {
    BatchMode: 'yes',
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: `"${target.knownHostsFile}"`,
    GlobalKnownHostsFile: '/dev/null',
    ConnectTimeout: String(connectTimeoutSeconds),
    ServerAliveInterval: '15',
    LogLevel: 'ERROR',
  }
  return [
    ...['-F', 'none', '-i', target.privateKeyFile, '-p', String(target.port)],
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    `${target.user}@${target.host}`,
  ]
}

/**
 * The ed25519 host key that a machine published on its serial console, between the marks that cloud-init uses
 * (`-----BEGIN SSH HOST KEY KEYS-----`); the last one when it booted more than once.
 */
export function hostKeyFrom(consoleText: string): string | undefined {
  const blocks = consoleText.matchAll(/-----BEGIN SSH HOST KEY KEYS-----\r?\n([\s\S]*?)-----END SSH HOST KEY KEYS-----/g)
  const last = [...blocks].at(-1)?.[1] ?? ''
  return last.match(/^(ssh-ed25519 [A-Za-z0-9+/=]+)/m)?.[1]
}

/** What a command on a machine said. */
export interface RemoteAnswer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a shell script on a machine, given to `sh` on its standard input, and gives back what it said, whatever its exit
 * code. Throws an OperatorError when the machine is not reached (ssh's own exit code 255) or `timeoutSeconds` pass.
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
  if (result.timedOut) throw new OperatorError('failed', `no answer over SSH within ${timeoutSeconds} s`)
  if (result.exitCode === 255 || result.exitCode === undefined) {
    throw new OperatorError('failed', `not reachable over SSH: ${lastLine(result.stderr || String(result.cause ?? ''))}`)
  }
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
