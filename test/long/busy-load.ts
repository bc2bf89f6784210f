import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'

/** Keeps every processor busy with numbers, no memory and no disk, until it is stopped, and for `minutes` at most. */
export function startBusyLoad({ minutes }: { minutes: number }): { alive(): number; stop(): Promise<void> } {
  const program = `const end = Date.now() + ${minutes * 60_000}
let x = 1
while (Date.now() < end) for (let i = 0; i < 1e6; i += 1) x = Math.imul(x, 48271)`
  const loops = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', program], { stdio: 'ignore', env: { NODE_OPTIONS: '' } }),
  )
  const running = () => loops.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
  return {
    alive: () => running().length,
    async stop() {
      const ended = running().map((loop) => once(loop, 'exit'))
      for (const loop of running()) loop.kill('SIGKILL')
      await Promise.all(ended)
    },
  }
}
