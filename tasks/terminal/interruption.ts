/** The exit code of a run that was stopped: 128 + SIGINT, as a shell says it. */
export const interruptedExitCode = 130

/** npm hands a Ctrl-C on to its child, which has already had it from the terminal: the two are one. */
const echoMs = 500

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** How often a run that npm started looks whether npm is still there. */
const parentLookMs = 1000

/**
 * Calls `first` at the first Ctrl-C (or SIGTERM, or a terminal that is closed), `again` at a later one. A run that npm
 * started is also stopped when npm is killed: nobody would see it end, and it would keep the next one out.
 */
export function onInterruption(first: () => void, again: () => void): () => void {
  let firstMs: number | undefined
  const handle = () => {
    if (firstMs === undefined) {
      firstMs = performance.now()
      first()
    } else if (performance.now() - firstMs > echoMs) {
      again()
    }
  }
  for (const signal of signals) process.on(signal, handle)
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.env['npm_lifecycle_event'] === undefined || process.ppid === parent) return
    clearInterval(watch)
    handle()
  }, parentLookMs).unref()
  return () => {
    clearInterval(watch)
    for (const signal of signals) process.off(signal, handle)
  }
}
