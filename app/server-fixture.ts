import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'

/** A real server process, stopped when the test ends. */
export interface RunningServer {
  url: string
  kill(signal: NodeJS.Signals): void
  /** The next line of stdout; undefined after the last. */
  nextLine(): Promise<string | undefined>
  exitCode: Promise<number | null>
}

/** The command that runs the server from its sources. */
export const sourceCommand = [process.execPath, join(import.meta.dirname, 'server.ts')]

/** Starts a server on a free port with only `env` in its environment, and waits until it listens. */
export async function startServer(
  t: Test,
  options: { command?: string[]; env?: Record<string, string>; cwd?: string } = {},
): Promise<RunningServer> {
  const { command = sourceCommand, env = {}, cwd } = options
  const child = spawn('env', bare(command, { PORT: '0', ...env }), { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  const exitCode = once(child, 'exit').then(([code]) => code)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exitCode
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextLine = async () => (await lines.next()).value
  const [, url] = (await nextLine())?.match(/^listening on (\S+), release \S+$/) ?? []
  if (!url) throw new Error(`${command.join(' ')} did not say where it listens`)
  return { url, kill: (signal) => child.kill(signal), nextLine, exitCode }
}

/** Runs a server that is expected to exit at once; returns its exit code and stderr. */
export async function runServer(env: Record<string, string>): Promise<{ code: number | null; stderr: string }> {
  const child = spawn('env', bare(sourceCommand, env), { stdio: ['ignore', 'ignore', 'pipe'] })
  const [[code], stderr] = await Promise.all([once(child, 'exit'), text(child.stderr)])
  return { code, stderr }
}

/** Arguments of env(1) that clear the environment, including the modules of tap that every child would load. */
function bare(command: string[], env: Record<string, string>): string[] {
  return ['-i', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...command]
}
