/** 128 + SIGINT, as shells report it. */
export const interruptedExitCode = 130

/** npm forwards a Ctrl-C to its child, which already got it from the terminal: the two count as one. */
const echoMs = 500

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** How often a run that npm started checks that npm still lives. */
const parentLookMs = 1000

export interface InterruptionHandlers {
  /** On the first Ctrl-C or SIGTERM, or when the terminal is closed. */
  first(): void
  /** On any later one. */
  again(): void
  /** When the run has not ended `stopMs` after the first. */
  late(): void
}

/**
 * Calls the handlers until the returned function is called. A run that npm started also stops when npm is killed:
 * nobody would see it end, and it would lock out the next run.
 */
export function onInterruption({ first, again, late }: InterruptionHandlers, stopMs: number): () => void {
  let firstMs: number | undefined
  let limit: NodeJS.Timeout | undefined
  const handle = () => {
    if (firstMs === undefined) {
      firstMs = performance.now()
      limit = setTimeout(late, stopMs)
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
    clearTimeout(limit)
    for (const signal of signals) process.off(signal, handle)
  }
}
