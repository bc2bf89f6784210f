import type { Run } from './summary.ts'

export interface Tick {
  /** Percent of the width. */
  readonly x: number
  readonly label: string
}

export interface TimeScale {
  /** Percent of the width, 0 to 100. */
  at(ms: number): number
  /** Time since the roll began: `4:07`. */
  name(ms: number): string
  readonly ticks: readonly Tick[]
  /** The times between runs, in which nothing was recorded. */
  readonly gaps: readonly { readonly x: number; readonly width: number }[]
}

const niceSeconds = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800,
]
const mostTicks = 6
/** A gap takes at most this share of the runs' width, so that a night between two runs leaves room for both. */
const gapShare = 0.08

/** A moment, and its distance along the axis in displayed milliseconds. */
interface Knot {
  readonly ms: number
  readonly shown: number
}

/** A scale over the runs of a roll up to `lastMs`, with long gaps shortened. */
export function timeScale(runs: readonly Run[], lastMs: number): TimeScale {
  const startMs = runs[0]?.fromMs ?? 0
  const knots = knotsOf(runs, lastMs)
  const whole = Math.max(1, knots.at(-1)?.shown ?? 0)
  const at = (ms: number) => percent(shownAt(ms, knots) / whole)
  const gaps = runs.slice(1).map(({ fromMs }, index) => {
    const x = at(runs[index]?.toMs ?? fromMs)
    return { x, width: percent((at(fromMs) - x) / 100) }
  })
  const parts = runs.map(({ fromMs, toMs }, index) => ({
    fromMs,
    toMs: runs[index + 1] ? toMs : Math.max(toMs, lastMs),
  }))
  return { at, name: (ms) => elapsedClock(ms - startMs), ticks: ticksOf(parts, whole, at), gaps }
}

function knotsOf(runs: readonly Run[], lastMs: number): Knot[] {
  const workedMs = runs.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
  const knots: Knot[] = []
  const add = (ms: number, most: number) => {
    const before = knots.at(-1) ?? { ms, shown: 0 }
    knots.push({ ms, shown: before.shown + Math.min(Math.max(0, ms - before.ms), most) })
  }
  for (const { fromMs, toMs } of runs) {
    add(fromMs, workedMs * gapShare)
    add(toMs, Infinity)
  }
  if (lastMs > (knots.at(-1)?.ms ?? Infinity)) add(lastMs, Infinity)
  return knots
}

function shownAt(ms: number, knots: readonly Knot[]): number {
  const after = knots.findIndex((knot) => knot.ms >= ms)
  const next = knots[after]
  if (!next) return knots.at(-1)?.shown ?? 0
  const before = knots[after - 1]
  if (!before) return 0
  return before.shown + ((ms - before.ms) / (next.ms - before.ms)) * (next.shown - before.shown)
}

/** Time since the beginning, to the second: `0:05`, `12:00`, `1:02:03`. */
export function elapsedClock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const pad = (number: number) => String(number).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  const short = `${minutes % 60}:${pad(seconds % 60)}`
  return minutes < 60 ? short : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`
}

function ticksOf(runs: readonly Pick<Run, 'fromMs' | 'toMs'>[], whole: number, at: (ms: number) => number): Tick[] {
  const stepMs = 1000 * (niceSeconds.find((seconds) => whole / (seconds * 1000) <= mostTicks) ?? 2_419_200)
  const [first] = runs
  if (!first) return []
  return runs.flatMap(({ fromMs, toMs }) => {
    const from = Math.ceil((fromMs - first.fromMs) / stepMs)
    const to = Math.floor((toMs - first.fromMs) / stepMs)
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => {
      const sinceMs = (from + index) * stepMs
      return { x: at(first.fromMs + sinceMs), label: elapsedClock(sinceMs) }
    })
  })
}

/** To a thousandth, finer than a screen. */
export function round(number: number): number {
  return Math.round(number * 1000) / 1000
}

function percent(share: number): number {
  return round(share * 100)
}
