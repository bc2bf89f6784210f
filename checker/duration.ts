const unitsMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Reads a duration with its unit, `500ms`, `1s`, `1.5m`, `2h` or `7d`, as milliseconds; undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? []
  const unitMs = unitsMs[unit ?? '']
  return amount === undefined || unitMs === undefined ? undefined : Number(amount) * unitMs
}

/** Writes a duration the way a person says it: `12.4 ms`, `1.5 s`, `2 h`. */
export function formatDurationMs(durationMs: number): string {
  const size = Math.abs(durationMs)
  const unit = size >= 7_200_000 ? 'h' : size >= 120_000 ? 'min' : size >= 10_000 ? 's' : 'ms'
  const divisor = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 }[unit]
  return `${Math.round((durationMs / divisor) * 10) / 10} ${unit}`
}
