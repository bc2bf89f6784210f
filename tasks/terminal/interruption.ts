/** The exit code of a run that was stopped: 128 + SIGINT, as a shell says it. */
export const interruptedExitCode = 130

/** npm hands a Ctrl-C on to its child, which has already had it from the terminal: the two are one. */
const echoMs = 500

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** How often a run that npm started looks whether npm is still there. */
const parentLookMs = 1000

/** What a run does when it is told to stop. */
export interface InterruptionHandlers {
  /** The first Ctrl-C, SIGTERM, or a terminal that is closed. */
  first(): void
  /** Any later one. */
  again(): void
  /** It still runs `stopMs` after the first. */
  late(): void
}

/**
 * Calls the handlers until the returned function is called. A run that npm started is also stopped when npm is killed: nobody
 * would see it end, and it would keep the next one out.
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
