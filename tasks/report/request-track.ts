import type { RollEvent } from '../lib/roll/events.ts'
import { round, type TimeScale } from './time-scale.ts'

export interface RequestTrack {
  readonly bars: readonly RequestBar[]
  /** The top of the axis: requests a second. */
  readonly mostPerSecond: number
}

/** One interval; all but `label` in percent of width and height. */
export interface RequestBar {
  readonly x: number
  readonly width: number
  readonly y: number
  readonly height: number
  /** 0 when none failed. */
  readonly failedHeight: number
  readonly failedY: number
  readonly label: string
}

interface Interval {
  readonly fromMs: number
  readonly toMs: number
  readonly sent: number
  readonly failed: number
}

const mostBars = 200
/** So that one failure among thousands of requests is visible. */
const leastFailedHeight = 12

/** Requests per interval; `undefined` when no load ran, or only one interval was measured. */
export function requestTrack(events: readonly RollEvent[], scale: TimeScale): RequestTrack | undefined {
  const intervals = merged(intervalsOf(events))
  if (intervals.length < 2) return undefined
  const most = intervals.reduce((least, interval) => Math.max(least, perSecond(interval)), 0)
  return { bars: intervals.map((interval) => barOf(interval, most, scale)), mostPerSecond: Math.round(most) }
}

/** Merges what several loads sent in the same interval. */
function intervalsOf(events: readonly RollEvent[]): Interval[] {
  const loads = events.filter((event) => event.event === 'requests')
  return [...Map.groupBy(loads, ({ since, at }) => `${since} ${at}`).values()]
    .map((same) => {
      const fromMs = Date.parse(same[0]?.since ?? '')
      const toMs = Date.parse(same[0]?.at ?? '')
      return { fromMs, toMs, sent: total(same, 'sent'), failed: total(same, 'failed') }
    })
    .sort((a, b) => a.fromMs - b.fromMs)
}

function merged(intervals: readonly Interval[]): Interval[] {
  const together = Math.max(1, Math.ceil(intervals.length / mostBars))
  return Array.from({ length: Math.ceil(intervals.length / together) }, (_, index) => {
    const part = intervals.slice(index * together, (index + 1) * together)
    const fromMs = part[0]?.fromMs ?? 0
    const toMs = part.reduce((last, interval) => Math.max(last, interval.toMs), fromMs)
    return { fromMs, toMs, sent: total(part, 'sent'), failed: total(part, 'failed') }
  })
}

function barOf(interval: Interval, most: number, scale: TimeScale): RequestBar {
  const { fromMs, toMs, sent, failed } = interval
  const height = most > 0 ? (perSecond(interval) / most) * 85 : 0
  const failedHeight = failed > 0 ? Math.max(leastFailedHeight, height * (failed / Math.max(1, sent))) : 0
  const x = scale.at(fromMs)
  return {
    x,
    width: round(scale.at(toMs) - x),
    y: round(100 - height),
    height: round(height),
    failedY: round(100 - failedHeight),
    failedHeight: round(failedHeight),
    label: `${sent} requests, ${failed} failed\n${scale.name(fromMs)} to ${scale.name(toMs)}\n${Math.round(perSecond(interval))} a second`,
  }
}

function perSecond({ fromMs, toMs, sent }: Interval): number {
  return (sent * 1000) / Math.max(1, toMs - fromMs)
}

function total(
  intervals: readonly { readonly sent: number; readonly failed: number }[],
  key: 'sent' | 'failed',
): number {
  return intervals.reduce((sum, interval) => sum + interval[key], 0)
}
