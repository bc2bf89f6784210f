import type { ReadStream, WriteStream } from 'node:tty'
import type { WatchView } from './watch.ts'

export interface WatchStreams {
  readonly stdin: Pick<ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>
  readonly stdout: Pick<WriteStream, 'isTTY' | 'columns' | 'rows' | 'write'>
  warn(line: string): void
  /** Aborted to end the watch from outside. */
  readonly signal?: AbortSignal
}

/** q, Ctrl-C, Ctrl-D and Escape. */
const leavingKeys = ['q', 'Q', '\u0003', '\u0004', '\u001B']

/** On a terminal, q, Escape and Ctrl-C end the watch; the signal always does. */
export function openWatchView({ stdin, stdout, warn, signal }: WatchStreams): WatchView & { close(): void } {
  const stop = new AbortController()
  const end = () => stop.abort()
  const onKey = (key: Buffer) => {
    if (leavingKeys.includes(key.toString())) end()
  }
  const hasKeys = stdin.isTTY === true && stdout.isTTY === true
  if (hasKeys) {
    stdin.setRawMode(true)
    stdin.on('data', onKey)
    stdin.resume()
  }
  signal?.addEventListener('abort', end, { once: true })
  if (signal?.aborted) end()
  return {
    screen: stdout.isTTY === true ? () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }) : undefined,
    write: (text) => void stdout.write(text),
    warn,
    nowMs: () => Date.now(),
    signal: stop.signal,
    sleep(durationMs) {
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          stop.signal.removeEventListener('abort', done)
          resolve()
        }
        const timer = setTimeout(done, durationMs)
        if (stop.signal.aborted) done()
        else stop.signal.addEventListener('abort', done)
      })
    },
    close() {
      signal?.removeEventListener('abort', end)
      if (!hasKeys) return
      stdin.off('data', onKey)
      stdin.setRawMode(false)
      stdin.pause()
    },
  }
}
