const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Parses a duration with its unit, `500ms`, `1s`, `1.5m`, `2h` or `7d`, into milliseconds; undefined when it is not one. */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? []
  const unitMs = unitsMs[unit ?? '']
  return amount === undefined || unitMs === undefined ? undefined : Number(amount) * unitMs
}

/** A duration for people: `12.4 ms`, `1.5 s`, `2 h`. */
export function formatDurationMs(durationMs: number): string {
  const size = Math.abs(durationMs)
  const unit = size >= 7_200_000 ? 'h' : size >= 120_000 ? 'min' : size >= 10_000 ? 's' : 'ms'
  const divisor = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 }[unit]
  return `${Math.round((durationMs / divisor) * 10) / 10} ${unit}`
}

/** Elapsed time for people: `0.4 s`, `62 s`, `3 min 20 s`, `2 h 5 min`. */
export function elapsed(durationMs: number): string {
  if (durationMs < 9950) return `${(durationMs / 1000).toFixed(1)} s`
  const seconds = Math.round(durationMs / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** A duration as a flag takes it: `90s`, `1h`. */
export function durationText(durationMs: number): string {
  const [unit, unitMs] = Object.entries(unitsMs).findLast(([, ms]) => durationMs % ms === 0) ?? ['ms', 1]
  return durationMs === 0 ? '0s' : `${durationMs / unitMs}${unit}`
}
