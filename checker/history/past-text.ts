import { formatDurationMs } from '../duration.ts'
import { targetName } from '../verdict/summary.ts'
import { checkCount, percent } from './figures.ts'
import { type Cell, type Past, type TargetPast, type WindowName, windows } from './past.ts'
import { incidentLength, moment, offsetRange } from './words.ts'

const blocks = [...'▁▂▃▄▅▆▇█']
const mostIncidents = 10

/** For a terminal: each target with a table, sparklines and its latest incidents. */
export function renderPast({ at, targets }: Past): string {
  if (targets.length === 0) return 'the history holds no check from the last 365 days\n'
  const count = targets.length === 1 ? '1 target' : `${targets.length} targets`
  return [`${count}, until ${moment(at)}`, ...targets.map((target) => targetText(target, at))].join('\n\n').concat('\n')
}

function targetText(target: TargetPast, at: string): string {
  const { last, quarters, days } = target
  const state = last === undefined ? 'not checked for two days' : `${last.verdict}, ${moment(last.at)}`
  const rows = (Object.keys(windows) as WindowName[]).map((name) => windowRow(name, target))
  const head = ['', 'available', 'p50', 'p95', 'clock', 'proven within', 'checks']
  return [
    `${targetName(target)}  ${state}${last?.version === undefined ? '' : `, version ${last.version}`}`,
    ...aligned([head, ...rows]),
    ...sparkLines(quarters, days, at),
    ...incidentLines(target),
  ].join('\n')
}

function windowRow(name: WindowName, { windows: all }: TargetPast): string[] {
  const figures = all[name]
  const { range, within } = offsetRange(figures.offsetMs)
  const latency = (ms: number | undefined) => (ms === undefined ? '–' : formatDurationMs(ms))
  const { p50, p95 } = figures.latencyMs ?? {}
  return [name, percent(figures.availability), latency(p50), latency(p95), range, within, String(checkCount(figures))]
}

function aligned(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) => `  ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
}

/** The last 24 hours in half-hour steps, and 90 days in two-day steps: 48 and 45 characters, a dot where nothing is known. */
function sparkLines(quarters: readonly Cell[], days: readonly Cell[], at: string): string[] {
  const nowMs = Date.parse(at)
  const lines = [
    { name: 'p95, 24 h', text: sparkline(quarters, nowMs, 1_800_000, 48, p95) },
    { name: 'p95, 90 d', text: sparkline(days, nowMs, 172_800_000, 45, p95) },
    { name: 'down, 90 d', text: sparkline(days, nowMs, 172_800_000, 45, downShare, 1) },
  ]
  return lines.map(({ name, text }) => `  ${name.padEnd(10)}  ${text}`)
}

/** Draws each step's maximum; the highest block is `top`, or the maximum of all. */
export function sparkline(
  cells: readonly Cell[],
  nowMs: number,
  stepMs: number,
  steps: number,
  value: (cell: Cell) => number | undefined,
  top?: number,
): string {
  const values: (number | undefined)[] = Array.from({ length: steps })
  const first = Math.floor(nowMs / stepMs) - steps + 1
  for (const cell of cells) {
    const step = Math.floor(Date.parse(cell.from) / stepMs) - first
    const found = value(cell)
    if (found !== undefined && step >= 0 && step < steps) values[step] = Math.max(values[step] ?? 0, found)
  }
  const most = top ?? Math.max(0, ...values.map((found) => found ?? 0))
  // The lowest block means zero, so that small values next to an hour of outage remain visible.
  const block = (found: number) => (found <= 0 || most === 0 ? 0 : Math.max(1, Math.round((found / most) * 7)))
  return values.map((found) => (found === undefined ? '·' : blocks[block(found)])).join('')
}

function p95({ latencyMs }: Cell): number | undefined {
  return latencyMs?.p95
}

function downShare({ availability }: Cell): number | undefined {
  return availability === undefined ? undefined : 1 - availability
}

function incidentLines({ incidents }: TargetPast): string[] {
  if (incidents.length === 0) return ['  no incident within 90 days']
  const told = incidents.slice(0, mostIncidents)
  const rows = told.map((incident) => [moment(incident.began), incidentLength(incident), incident.reason])
  const rest = incidents.length - told.length
  return [
    `  ${incidents.length === 1 ? '1 incident' : `${incidents.length} incidents`} within 90 days:`,
    ...aligned(rows).map((line) => `  ${line}`),
    ...(rest > 0 ? [`    and ${rest} earlier`] : []),
  ]
}
