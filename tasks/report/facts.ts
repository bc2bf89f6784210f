import { count } from '../lib/count.ts'
import type { Summary } from './summary.ts'

export interface Fact {
  readonly name: string
  readonly key: string
  /** For programs. */
  readonly value: number | string
  readonly text: string
  readonly note: string
  /** Whether a promise was kept, for numbers that show one. */
  readonly kept?: boolean
}

/** The numbers at the top of a report. */
export function factsOf(summary: Summary): Fact[] {
  const { replaced, seconds, runs, lowestHealthy, floor, highestMachines, maximum, requests } = summary
  const facts: Fact[] = []
  if (lowestHealthy !== undefined && floor !== undefined) {
    const kept = lowestHealthy >= floor
    const note = `promised: ${grouped(floor)}${kept ? '' : `; fewer for ${durationText(summary.secondsBelowFloor)}`}`
    facts.push({ name: 'Lowest healthy', key: 'lowestHealthy', ...number(lowestHealthy), note, kept })
  }
  if (highestMachines !== undefined && maximum !== undefined) {
    const kept = highestMachines <= maximum
    const note = `allowed: ${grouped(maximum)}`
    facts.push({ name: 'Most machines', key: 'highestMachines', ...number(highestMachines), note, kept })
  }
  if (requests) {
    const kept = requests.failed === 0
    const note = `${grouped(requests.failed)} failed`
    facts.push({ name: 'Requests', key: 'sent', ...number(requests.sent), note, kept })
  }
  facts.push({
    name: summary.began?.inPlace ? 'Released' : 'Replaced',
    key: 'replaced',
    ...number(replaced),
    note: replaced === 1 ? 'instance' : 'instances',
  })
  facts.push({ name: 'Time', key: 'seconds', value: seconds, text: durationText(seconds), note: runsNote(runs) })
  return facts
}

/** `45 s`, `4 min 12 s`, `2 h 5 min`. */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 100) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `20,412`. */
export function grouped(number: number): string {
  return number.toLocaleString('en-US')
}

function number(value: number) {
  return { value, text: grouped(value) }
}

function runsNote(runs: Summary['runs']): string {
  if (runs.length <= 1) return 'in one run'
  const apartMs = runs.slice(1).reduce((sum, { fromMs }, index) => sum + fromMs - (runs[index]?.toMs ?? fromMs), 0)
  const killed = runs.slice(0, -1).filter(({ ended }) => !ended).length
  return `in ${count(runs.length, 'run')}${killed > 0 ? `, ${killed} killed` : ''}${apartMs < 1000 ? '' : `; ${durationText(apartMs / 1000)} between them`}`
}
