/** The exit code of a run that was stopped: 128 + SIGINT, as a shell says it. */
export const interruptedExitCode = 130

/** npm hands a Ctrl-C on to its child, which has already had it from the terminal: the two are one. */
const echoMs = 500

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Calls `first` at the first Ctrl-C (or SIGTERM, or a terminal that is closed), `again` at a later one. */
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
  return () => {
    for (const signal of signals) process.off(signal, handle)
  }
}
