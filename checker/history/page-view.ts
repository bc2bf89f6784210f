import { severity, type Verdict, worstVerdict } from '../verdict/report.ts'
import { targetName } from '../verdict/summary.ts'
import { type Curve, drawCurve, placeSlots, type Slot, type Values } from './curve.ts'
import { checkCount, percent } from './figures.ts'
import type { Alert } from './look-back.ts'
import { type Cell, type Past, type TargetPast, type WindowName, windows } from './past.ts'
import { incidentLength, moment, offsetRange, roughly, signed } from './words.ts'

const dayMs = 86_400_000
const quarterMs = 900_000
/** More would make a page with many targets slow to open; the rest unfolds with a click. */
const mostOpen = 5
const mostIncidents = 20
/** Between days, in percent of the width. */
const barGap = 0.25

/** The view for the status page's template. */
export function pageView({ at, targets }: Past, alertIfLate: Alert = () => {}) {
  const worstFirst = targets.toSorted((a, b) => severity(stateOf(b)) - severity(stateOf(a)))
  const verdict = worstVerdict(targets.map(stateOf))
  const affected = targets.filter((target) => stateOf(target) === verdict).length
  return {
    verdict,
    headline: headline(verdict, affected, targets.length),
    at: moment(at),
    targets: worstFirst.map((target, index) => {
      alertIfLate()
      return targetView(target, Date.parse(at), index < mostOpen)
    }),
  }
}

function headline(verdict: Verdict, affected: number, all: number): string {
  if (all === 0) return 'Nothing was checked'
  if (verdict === 'ok') return 'Everything is up'
  return all === 1
    ? `The target is ${verdict}`
    : `${affected} of ${all} targets ${affected === 1 ? 'is' : 'are'} ${verdict}`
}

/** Without a check for two days, the state is unknown. */
function stateOf({ last }: TargetPast): Verdict {
  return last?.verdict ?? 'unknown'
}

function targetView(target: TargetPast, nowMs: number, isOpen: boolean) {
  const { last, incidents } = target
  const days = placeSlots(target.days, nowMs, dayMs, 90)
  const quarters = placeSlots(target.quarters, nowMs, quarterMs, 97)
  return {
    name: targetName(target),
    state: stateOf(target),
    isOpen,
    lastCheck: last === undefined ? 'not checked for two days' : `checked ${moment(last.at)}`,
    version: last?.version,
    availability: percent(target.windows['90d'].availability),
    bars: dayBars(days),
    zones: days.map(dayZone).join('|'),
    since: sinceWords(target, nowMs),
    figures: toldWindows(target).map((name) => figuresRow(name, target)),
    plots: [
      ...plotViews('24 hours', quarters, (cell) => moment(cell.from), ['24 h ago', '12 h ago', 'now']),
      ...plotViews('90 days', days, (cell) => cell.from.slice(0, 10), ['90 days ago', '45 days ago', 'today']),
    ],
    incidents: incidents.slice(0, mostIncidents).map((incident) => ({
      began: incident.began,
      beganText: moment(incident.began),
      reason: incident.reason,
      length: incidentLength(incident),
      lengthMs: incident.lengthMs,
      isOpen: incident.ended === undefined,
    })),
    incidentCount: incidents.length,
    hasIncidents: incidents.length > 0,
    earlier: incidents.length > mostIncidents ? incidents.length - mostIncidents : undefined,
  }
}

/** Windows with more checks than the one before: on the first day all equal the last 24 hours. */
function toldWindows({ windows: all }: TargetPast): WindowName[] {
  const names = Object.keys(windows) as WindowName[]
  return names.filter((name, index) => {
    const before = names[index - 1]
    return before === undefined || checkCount(all[name]) > checkCount(all[before])
  })
}

/** The period of the availability. */
function sinceWords({ days }: TargetPast, nowMs: number): string {
  const first = days[0]?.from
  if (first === undefined || nowMs - Date.parse(first) > 89 * dayMs) return 'over 90 days'
  return nowMs - Date.parse(first) < dayMs ? 'since today' : `since ${first.slice(0, 10)}`
}

/** The bars of all days, one path per verdict. */
function dayBars(days: readonly Slot[]): { verdict: string; path: string }[] {
  const paths = new Map<string, string>()
  for (const { verdict, path } of days.flatMap(dayParts)) paths.set(verdict, (paths.get(verdict) ?? '') + path)
  return [...paths].map(([verdict, path]) => ({ verdict, path }))
}

/** The share of each verdict on a day, the worst on top; even the smallest share is visible. */
function dayParts({ cell, x, width }: Slot): { verdict: string; path: string }[] {
  const { critical, unknown, warning } = cell.checks
  const all = checkCount(cell)
  const height = (count: number, least: number) => (count === 0 ? 0 : Math.max(least, Math.round((count / all) * 100)))
  const heights = { critical: height(critical, 14), unknown: height(unknown, 5), warning: height(warning, 5) }
  const wide = Number((width - barGap).toFixed(2))
  let y = 0
  return Object.entries({ ...heights, ok: 100 }).flatMap(([verdict, part]) => {
    const tall = Math.min(part, 100 - y)
    const path = `M${x} ${y}h${wide}v${tall}h-${wide}z`
    y += tall
    return tall === 0 ? [] : [{ verdict, path }]
  })
}

function dayZone({ cell, x, width }: Slot): string {
  return `${x} ${width} ${cell.from.slice(0, 10)}: ${percent(cell.availability)} available\n${verdictCounts(cell)}`
}

function verdictCounts({ checks }: Cell): string {
  const said = Object.entries(checks).filter(([, count]) => count > 0)
  return said.map(([verdict, count]) => `${count} ${verdict}`).join(', ')
}

function figuresRow(name: WindowName, { windows: all }: TargetPast) {
  const figures = all[name]
  const { range, within } = offsetRange(figures.offsetMs)
  const { latencyMs, availability, offsetMs } = figures
  const latency = (ms: number | undefined) => ({ value: ms ?? '', text: ms === undefined ? '–' : roughly(ms) })
  return {
    name,
    availability: { value: availability ?? '', text: percent(availability) },
    p50: latency(latencyMs?.p50),
    p95: latency(latencyMs?.p95),
    max: latency(latencyMs?.max),
    offset: { value: offsetMs === undefined ? '' : `${offsetMs.low} ${offsetMs.high}`, range, within },
    checks: checkCount(figures),
  }
}

function plotViews(span: string, slots: readonly Slot[], when: (cell: Cell) => string, ticks: readonly string[]) {
  const latency = drawCurve(slots, latencyValues)
  const offset = drawCurve(slots, offsetValues)
  const view = (name: string, curve: Curve | undefined, label: (cell: Cell) => string | undefined, key: string) => ({
    key,
    name: `${name}, ${span}`,
    curve,
    ticks,
    ...(curve === undefined ? {} : { highest: edge(key, curve.top), lowest: edge(key, curve.bottom) }),
    zones: slots.flatMap((slot) => zoneOf(slot, when, label)).join('|'),
  })
  return [view('Latency', latency, latencyLabel, 'latency'), view('Clock offset', offset, offsetLabel, 'offset')]
}

/** The script turns it into a hover zone once visible: `x width label`, in percent. */
function zoneOf({ cell, x, width }: Slot, when: (cell: Cell) => string, label: (cell: Cell) => string | undefined) {
  const text = label(cell)
  return text === undefined ? [] : [`${x} ${width} ${when(cell)}\n${text}`]
}

function edge(key: string, ms: number): string {
  return key === 'offset' && ms !== 0 ? signed(ms) : roughly(ms)
}

function latencyValues({ latencyMs }: Cell): Values | undefined {
  return latencyMs && { low: latencyMs.min, value: latencyMs.p50, high: latencyMs.p95 }
}

function offsetValues({ offsetMs }: Cell): Values | undefined {
  return offsetMs && { low: offsetMs.low, value: (offsetMs.min + offsetMs.max) / 2, high: offsetMs.high }
}

function latencyLabel({ latencyMs }: Cell): string | undefined {
  if (latencyMs === undefined) return undefined
  const [min, p50, p95, max] = [latencyMs.min, latencyMs.p50, latencyMs.p95, latencyMs.max].map(roughly)
  return `p50 ${p50}, p95 ${p95}\nfrom ${min} to ${max}`
}

function offsetLabel({ offsetMs }: Cell): string | undefined {
  if (offsetMs === undefined) return undefined
  const { range, within } = offsetRange(offsetMs)
  return `${range}\nproven within ${within}`
}
