import { formatDurationMs } from '../duration.ts'
import type { Figures, Incident } from './past.ts'

/** A moment for people: `2026-01-31 14:05 UTC`. */
export function moment(isoTime: string): string {
  return `${isoTime.slice(0, 16).replace('T', ' ')} UTC`
}

/** The range of clock offsets and the bounds around it, in the unit of its largest. */
export function offsetRange(offsetMs: Figures['offsetMs']): { readonly range: string; readonly within: string } {
  if (offsetMs === undefined) return { range: '–', within: '–' }
  const { min, max, low, high } = offsetMs
  return { range: between(signed(min), signed(max)), within: between(signed(low), signed(high)) }
}

/** An offset with its sign: `+12.4 ms`, `−1.5 s`. */
export function signed(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${formatDurationMs(Math.abs(ms))}`
}

/** A length of time as a person reads it on a page: seconds from one on, `1.4 s`; below, `12.4 ms`. */
export function roughly(ms: number): string {
  return ms >= 1000 && ms < 10_000 ? `${Math.round(ms / 100) / 10} s` : formatDurationMs(ms)
}

/** How long an incident was: up to the next good check, so to the distance between two checks. */
export function incidentLength({ lengthMs, ended }: Incident): string {
  return `${ended === undefined ? 'for ' : ''}${roughly(lengthMs)}${ended === undefined ? ', goes on' : ''}`
}

function between(low: string, high: string): string {
  return low === high ? low : `${low} to ${high}`
}
