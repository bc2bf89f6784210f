import type { Progress } from '../lib/progress.ts'

/** Shows nothing and records every event and warning in `lines`. */
export function recordedProgress(): Progress & { readonly lines: string[] } {
  const lines: string[] = []
  return {
    lines,
    event: (message) => void lines.push(message),
    warn: (message) => void lines.push(`warning: ${message}`),
    step: (_name, work) => work(),
    live: () => {},
  }
}
