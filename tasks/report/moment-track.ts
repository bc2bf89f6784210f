import { count } from '../lib/count.ts'
import type { RollEvent } from '../lib/roll/events.ts'
import type { Run } from './summary.ts'
import type { TimeScale } from './time-scale.ts'

/** Moments of the whole roll, gravest first: of several that are too close, the gravest gives the symbol. */
const symbols = [
  'killed',
  'give-up',
  'stop',
  'turn-round',
  'pause',
  'hold',
  'began',
  'ended',
  'repair-load-balancer',
  'pass',
  'warning',
] as const
type Symbol = (typeof symbols)[number]

/** A mark on the track of the whole roll; `x` in percent of the width. */
export interface MomentMark {
  readonly x: number
  readonly symbol: Symbol
  readonly label: string
  /** Important enough for a line through all tracks. */
  readonly isTurning: boolean
}

interface Moment {
  readonly ms: number
  readonly symbol: Symbol
  readonly text: string
}

const turning: readonly Symbol[] = ['killed', 'give-up', 'stop', 'turn-round', 'pause', 'hold']
/** Marks closer than this, in percent of the width, would overlap. */
const markWidth = 2.2
const mostLines = 8

/** Moments of the whole roll: runs, rollbacks, pauses and warnings. */
export function momentTrack(events: readonly RollEvent[], runs: readonly Run[], scale: TimeScale): MomentMark[] {
  const moments = [...events.flatMap(momentOf), ...killsOf(runs)].sort((a, b) => a.ms - b.ms)
  const clusters: Moment[][] = []
  for (const moment of moments) {
    const cluster = clusters.at(-1)
    const near = cluster?.[0] && scale.at(moment.ms) - scale.at(cluster[0].ms) < markWidth
    if (near) cluster.push(moment)
    else clusters.push([moment])
  }
  return clusters.map((cluster) => markOf(cluster, scale))
}

function markOf(cluster: readonly Moment[], scale: TimeScale): MomentMark {
  const gravest = cluster.toSorted((a, b) => symbols.indexOf(a.symbol) - symbols.indexOf(b.symbol))[0]
  const lines = cluster.slice(0, mostLines).map(({ ms, text }) => `${scale.name(ms)} ${text}`)
  const more = cluster.length - lines.length
  const symbol = gravest?.symbol ?? 'warning'
  const label = [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
  return { x: scale.at(gravest?.ms ?? 0), symbol, label, isTurning: turning.includes(symbol) }
}

function momentOf(event: RollEvent): Moment[] {
  const ms = Date.parse(event.at)
  if (event.event === 'began') {
    return [{ ms, symbol: 'began', text: `${event.resumed ? 'carried on' : 'began'}, to ${event.imageId}` }]
  }
  if (event.event === 'warning') return [{ ms, symbol: 'warning', text: `warning: ${event.message}` }]
  if (event.event === 'ended') {
    const { outcome, reason, replaced } = event
    return [{ ms, symbol: 'ended', text: `${outcome}: ${reason ?? `${count(replaced, 'instance')} replaced`}` }]
  }
  const symbol = symbols.find((one) => event.event === 'step' && one === event.step.replaceAll(' ', '-'))
  return symbol && event.event === 'step' ? [{ ms, symbol, text: `${event.step}: ${event.because}` }] : []
}

function killsOf(runs: readonly Run[]): Moment[] {
  return runs
    .filter(({ ended }) => !ended)
    .map(({ toMs }) => ({ ms: toMs, symbol: 'killed', text: 'the run was killed, or is still under way' }))
}
