import { count } from '../lib/count.ts'
import type { Life, LifeStep, Phase, Role, Stretch } from './lives.ts'
import { round, type TimeScale } from './time-scale.ts'

/** The lives of one kind of instance, one row each; heights in pixels, `x` and `width` in percent. */
export interface LifeTrack {
  readonly role: Role
  readonly title: string
  /** `3 instances of image app-1`. */
  readonly subtitle: string
  readonly height: number
  /** Thin rows have neither a name nor step marks. */
  readonly isThin: boolean
  readonly isLow: boolean
  readonly rows: readonly LifeRow[]
}

export interface LifeRow {
  readonly name: string
  readonly nameY: number
  readonly bars: readonly LifeBar[]
  readonly marks: readonly LifeMark[]
}

export interface LifeBar {
  readonly x: number
  readonly width: number
  readonly y: number
  readonly height: number
  readonly phase: Phase
  readonly label: string
}

export interface LifeMark {
  readonly x: number
  readonly y: number
  readonly symbol: string
  readonly label: string
}

const titles: Record<Role, (release: string) => string> = {
  old: (release) => `Before: ${release}`,
  new: (release) => `New: ${release}`,
  returned: (release) => `Launched to go back: ${release}`,
}

const phaseWords: Record<Phase, string> = {
  booting: 'booting',
  starting: 'waiting for the load balancer',
  silent: 'does not answer yet',
  unhealthy: 'unhealthy',
  healthy: 'healthy, not ready',
  ready: 'ready and serving',
  draining: 'finishing its requests',
  drained: 'drained, serves nothing any more',
  dead: 'its machine is gone',
}

/** Row height in pixels by number of rows; more rows share `allRowsHeight`. */
const rowHeights = [
  { most: 10, height: 30 },
  { most: 30, height: 22 },
  { most: 80, height: 16 },
  { most: 160, height: 8 },
]
const allRowsHeight = 720
/** Marks closer than this, in percent of the width, would overlap. */
const markWidth = 1.6
const leastHeightForName = 14
const leastHeightForLargeMarks = 24

/** Earlier instances are in the order in which they left, the others in the order in which they came. */
export function lifeTracks(lives: readonly Life[], scale: TimeScale): LifeTrack[] {
  const rowHeight = rowHeights.find(({ most }) => lives.length <= most)?.height ?? allRowsHeight / lives.length
  const byRole = Map.groupBy(lives, ({ role }) => role)
  return (['old', 'new', 'returned'] as const).flatMap((role) => {
    const sorted = (byRole.get(role) ?? []).toSorted(role === 'old' ? byEnd : byStart)
    const [first] = sorted
    if (!first) return []
    const images = [...new Set(sorted.map(({ imageId }) => imageId))]
    const releases = [...new Set(sorted.map(({ release }) => release))]
    return {
      role,
      title: titles[role](releases.join(', ')),
      subtitle: `${count(sorted.length, 'instance')} of image ${images.join(', ')}`,
      height: Math.ceil(sorted.length * rowHeight),
      isThin: rowHeight < leastHeightForName,
      isLow: rowHeight < leastHeightForLargeMarks,
      rows: sorted.map((life, index) => rowOf(life, index * rowHeight, rowHeight, scale)),
    }
  })
}

function rowOf(life: Life, top: number, rowHeight: number, scale: TimeScale): LifeRow {
  const isThin = rowHeight < leastHeightForName
  const height = isThin ? Math.max(1, rowHeight) : Math.round(rowHeight * 0.6)
  const y = round(top + (rowHeight - height) / 2)
  const bars = life.stretches.map((stretch) => {
    const x = scale.at(stretch.fromMs)
    const width = round(scale.at(stretch.toMs) - x)
    return { x, width, y, height: round(height), phase: stretch.phase, label: barLabel(life, stretch, scale) }
  })
  const middle = top + rowHeight / 2
  const marks = isThin ? [] : marksOf(life, middle, scale)
  return { name: life.id, nameY: round(middle), bars, marks }
}

/** Steps too close for two marks share one. */
function marksOf({ id, steps }: Life, y: number, scale: TimeScale): LifeMark[] {
  const clusters: LifeStep[][] = []
  for (const step of steps) {
    const cluster = clusters.at(-1)
    const isNear = cluster?.[0] && scale.at(step.atMs) - scale.at(cluster[0].atMs) < markWidth
    if (isNear) cluster.push(step)
    else clusters.push([step])
  }
  return clusters.map((cluster) => ({
    x: scale.at(cluster[0]?.atMs ?? 0),
    y: round(y),
    symbol: cluster[0]?.step ?? '',
    label: [
      `${id}: ${cluster.map(({ step }) => step).join(', ')}`,
      ...cluster.map((step) => stepLine(step, scale)),
    ].join('\n'),
  }))
}

function stepLine({ atMs, step, because }: LifeStep, scale: TimeScale): string {
  return `${scale.name(atMs)} ${step}: ${because}`
}

function barLabel({ id, release, zone, role, steps }: Life, stretch: Stretch, scale: TimeScale): string {
  const { phase, fromMs, toMs, reason } = stretch
  const words = role === 'old' && (phase === 'healthy' || phase === 'ready') ? 'serving' : phaseWords[phase]
  const before = steps.findLast(({ atMs }) => atMs <= fromMs)
  const during = steps.filter(({ atMs }) => atMs > fromMs && atMs <= toMs)
  return [
    `${id}: ${words}`,
    `${scale.name(fromMs)} to ${scale.name(toMs)}, release ${release}${zone === undefined ? '' : `, zone ${zone}`}`,
    ...(reason === undefined ? [] : [`not ready: ${reason}`]),
    ...(before ? [before, ...during] : during).map((step) => stepLine(step, scale)),
  ].join('\n')
}

function byEnd(a: Life, b: Life): number {
  return endOf(a) - endOf(b) || byName(a, b)
}

function byStart(a: Life, b: Life): number {
  return (a.stretches[0]?.fromMs ?? 0) - (b.stretches[0]?.fromMs ?? 0) || byName(a, b)
}

/** Instances that stay are last. */
function endOf({ stretches, isGone }: Life): number {
  return isGone ? (stretches.at(-1)?.toMs ?? 0) : Number.MAX_SAFE_INTEGER
}

function byName(a: Life, b: Life): number {
  return a.id.localeCompare(b.id, 'en', { numeric: true })
}
