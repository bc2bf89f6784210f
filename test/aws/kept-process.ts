import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

/** A server that lives no longer than the test that started it, however that one ends. */
export interface KeptProcess {
  readonly stdout: Readable
  stop(): Promise<void>
}

/**
 * Starts a server under a shell that ends it when its own standard input closes, which happens when this process dies, too:
 * an orphan would hold what the test runner reads from, and the runner would wait for it for ever.
 */
export function startKept(program: string, argv: readonly string[]): KeptProcess {
  const script = '"$@" & server=$!; cat >/dev/null; kill "$server" 2>/dev/null; wait "$server"'
  const shell: ChildProcessByStdio<Writable, Readable, null> = spawn('sh', ['-c', script, 'sh', program, ...argv], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = once(shell, 'exit')
  return {
    stdout: shell.stdout,
    async stop() {
      shell.stdin.end()
      await ended
    },
  }
}
