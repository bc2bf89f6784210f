import { formatDurationMs } from '../duration.ts'
import type { Figures, Incident } from './past.ts'

/** `2026-01-31 14:05 UTC`. */
export function moment(isoTime: string): string {
  return `${isoTime.slice(0, 16).replace('T', ' ')} UTC`
}

/** The range of clock offsets and its bounds. */
export function offsetRange(offsetMs: Figures['offsetMs']): { readonly range: string; readonly within: string } {
  if (offsetMs === undefined) return { range: '–', within: '–' }
  const { min, max, low, high } = offsetMs
  return { range: between(signed(min), signed(max)), within: between(signed(low), signed(high)) }
}

/** `+12.4 ms`, `−1.5 s`. */
export function signed(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${formatDurationMs(Math.abs(ms))}`
}

/** Shorter than `formatDurationMs`: seconds from 1 s up, `1.4 s`; below, `12.4 ms`. */
export function roughly(ms: number): string {
  return ms >= 1000 && ms < 10_000 ? `${Math.round(ms / 100) / 10} s` : formatDurationMs(ms)
}

/** Until the next good check, so only as precise as the interval of checks. */
export function incidentLength({ lengthMs, ended }: Incident): string {
  return `${ended === undefined ? 'for ' : ''}${roughly(lengthMs)}${ended === undefined ? ', ongoing' : ''}`
}

function between(low: string, high: string): string {
  return low === high ? low : `${low} to ${high}`
}
