import { count } from '../lib/count.ts'
import type { CapacityEvent, RollEvent } from '../lib/roll/events.ts'
import type { Run } from './summary.ts'
import { round, type TimeScale } from './time-scale.ts'

/** The capacity curve as SVG path data, in percent of width and height. */
export interface CapacityTrack {
  readonly healthy: string
  readonly machines: string
  readonly floor: string
  readonly maximum: string
  readonly size: string
  /** The area below the healthy line. */
  readonly capacity: string
  /** The area between floor and maximum, where the healthy line should be. */
  readonly corridor: string
  /** The area where the healthy line is below the floor. */
  readonly shortfall: string
  /** Axis labels, in percent from the top. */
  readonly labels: readonly { readonly y: number; readonly dy: number; readonly text: string }[]
  /** So many levels that a thick line would hide them. */
  readonly isDense: boolean
  readonly zones: readonly Zone[]
}

/** A part of the curve that shows its numbers on hover. */
export interface Zone {
  readonly x: number
  readonly width: number
  readonly label: string
}

interface Level extends Omit<CapacityEvent, 'event'> {
  readonly fromMs: number
  readonly toMs: number
}

type Count = 'healthy' | 'machines' | 'size' | 'floor' | 'maximum'

const mostZones = 400
/** Labels closer than this, in percent of the height, would overlap. */
const labelHeight = 11

/** Capacity over time, against the promise; `undefined` when no capacity was recorded. */
export function capacityTrack(
  events: readonly RollEvent[],
  runs: readonly Run[],
  scale: TimeScale,
): CapacityTrack | undefined {
  const levels = levelsOf(events, runs)
  const last = levels.at(-1)
  if (!last) return undefined
  const axis = axisOf(levels)
  const y = (value: number) => round(100 - ((value - axis.from) / (axis.to - axis.from)) * 100)
  const line = (key: Count) => stepLine(levels, (level) => y(level[key]), scale)
  const area = (from: (level: Level) => number, to: (level: Level) => number) =>
    levels
      .map(
        (level) =>
          `M${scale.at(level.fromMs)} ${y(from(level))}H${scale.at(level.toMs)}V${y(to(level))}H${scale.at(level.fromMs)}Z`,
      )
      .join('')
  return {
    healthy: line('healthy'),
    machines: line('machines'),
    size: line('size'),
    floor: line('floor'),
    maximum: line('maximum'),
    capacity: area(
      () => axis.from,
      ({ healthy }) => healthy,
    ),
    corridor: area(
      ({ floor }) => floor,
      ({ maximum }) => maximum,
    ),
    shortfall: area(
      ({ floor, healthy }) => Math.min(floor, healthy),
      ({ floor }) => floor,
    ),
    isDense: levels.length > 300,
    labels: labelsOf(last, axis, y),
    zones: zonesOf(levels, scale),
  }
}

function levelsOf(events: readonly RollEvent[], runs: readonly Run[]): Level[] {
  const seen = events.filter((event) => event.event === 'capacity')
  return seen.flatMap(({ at, event: _, ...counts }, index) => {
    const fromMs = Date.parse(at)
    const run = runs.findLast((one) => one.fromMs <= fromMs)
    if (!run) return []
    const next = Date.parse(seen[index + 1]?.at ?? '')
    return [{ ...counts, fromMs, toMs: next <= run.toMs ? next : run.toMs }]
  })
}

/** From 0, unless the corridor would become too thin to see. */
function axisOf(levels: readonly Level[]): { from: number; to: number } {
  const lowest = levels.reduce((least, { healthy, floor }) => Math.min(least, healthy, floor), Infinity)
  const highest = levels.reduce((most, { machines, maximum }) => Math.max(most, machines, maximum), 1)
  const height = Math.max(1, highest - lowest)
  const to = highest + Math.max(height * 0.15, highest * 0.04)
  return lowest <= height * 4
    ? { from: 0, to }
    : { from: Math.floor(lowest - height * 0.5), to: highest + height * 0.2 }
}

/** Continuous between levels, broken during gaps between runs. */
function stepLine(levels: readonly Level[], y: (level: Level) => number, scale: TimeScale): string {
  return levels
    .map((level, index) => {
      const follows = levels[index - 1]?.toMs === level.fromMs
      return `${follows ? `V${y(level)}` : `M${scale.at(level.fromMs)} ${y(level)}`}H${scale.at(level.toMs)}`
    })
    .join('')
}

function labelsOf(last: Level, axis: { from: number; to: number }, y: (value: number) => number) {
  const { maximum, size, floor } = last
  const wanted = [
    { y: y(maximum), text: `maximum ${maximum}` },
    { y: y(floor), text: floor === size ? `floor = size ${floor}` : `floor ${floor}` },
    ...(floor === size || size === maximum ? [] : [{ y: y(size), text: `size ${size}` }]),
    { y: 100, text: String(axis.from) },
  ]
  const kept: { y: number; text: string }[] = []
  for (const label of wanted) if (kept.every((one) => Math.abs(one.y - label.y) >= labelHeight)) kept.push(label)
  return kept.map((label) => ({ ...label, dy: label.y > 95 ? -1 : 4 }))
}

function zonesOf(levels: readonly Level[], scale: TimeScale): Zone[] {
  const together = Math.ceil(levels.length / mostZones)
  return Array.from({ length: Math.ceil(levels.length / together) }, (_, index) => {
    const part = levels.slice(index * together, (index + 1) * together)
    return zoneOf(part, scale)
  })
}

function zoneOf(part: readonly Level[], scale: TimeScale): Zone {
  const least = (key: Count) => part.reduce((number, level) => Math.min(number, level[key]), Infinity)
  const most = (key: Count) => part.reduce((number, level) => Math.max(number, level[key]), 0)
  const fromMs = part[0]?.fromMs ?? 0
  const toMs = part.at(-1)?.toMs ?? fromMs
  const healthy = part.length > 1 ? `at least ${least('healthy')} healthy` : `${least('healthy')} healthy`
  const label = [
    `${healthy}, ${count(most('machines'), 'machine')}`,
    `${scale.name(fromMs)} to ${scale.name(toMs)}`,
    `floor ${most('floor')}, maximum ${least('maximum')}, size ${most('size')}`,
  ].join('\n')
  const x = scale.at(fromMs)
  return { x, width: round(scale.at(toMs) - x), label }
}
