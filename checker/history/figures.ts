import type { Figures } from './past.ts'
import type { Tally } from './tally.ts'

export function figures({ counts, latencies, offsets }: Tally): Figures {
  const { ok, warning, critical } = counts
  const told = ok + warning + critical
  const { count, minUs, maxUs, sumUs } = latencies
  const percentile = (share: number) => milliseconds(latencies.percentile(share) ?? 0)
  return {
    checks: { ...counts },
    ...(told === 0 ? {} : { availability: (ok + warning) / told }),
    ...(count === 0
      ? {}
      : {
          latencyMs: {
            min: milliseconds(minUs),
            average: milliseconds(sumUs / count),
            max: milliseconds(maxUs),
            p50: percentile(0.5),
            p95: percentile(0.95),
          },
        }),
    ...(offsets === undefined
      ? {}
      : {
          offsetMs: {
            min: milliseconds(offsets.min),
            max: milliseconds(offsets.max),
            low: milliseconds(offsets.low),
            high: milliseconds(offsets.high),
          },
        }),
  }
}

/** A share in percent, never rounded up to 100 or down to 0; an en dash when unknown. */
export function percent(share: number | undefined): string {
  if (share === undefined) return '–'
  if (share === 1 || share === 0) return `${share * 100} %`
  return `${Math.min(99.99, Math.max(0.01, Math.floor(share * 10_000) / 100)).toFixed(2)} %`
}

/** The number of checks, whatever their verdicts. */
export function checkCount({ checks }: Figures): number {
  return Object.values(checks).reduce((sum, count) => sum + count, 0)
}

function milliseconds(us: number): number {
  return Number((us / 1000).toFixed(3))
}
