import { count } from '../lib/count.ts'
import { drawCapacity } from './drawing.ts'
import type { Simulation } from './simulation.ts'
import { boundOf, notableEvents } from './simulation-facts.ts'

const eventsShown = 30
const violationsShown = 10

export function simulationLine(simulation: Simulation): string {
  const { outcome, old, startMs, endMs, capacity, violations, reason } = simulation
  const seconds = Math.round((endMs - startMs) / 1000)
  const bound = outcome === 'rolled' ? `, no policy below ${Math.round(boundOf(simulation))} s` : ''
  const why = reason === undefined ? '' : `: ${reason}`
  const kept = `${capacity.lowestHealthy} served at the lowest, ${capacity.floor} promised and possible`
  const broken = violations.length > 0 ? `; ${count(violations.length, 'broken promise')}` : ''
  return `${outcome}, ${count(old, 'instance')} in ${seconds} s${bound}; ${kept}${broken}${why}`
}

/** For people: the result, a drawing of the capacity within `columns`, the facts, the events. */
export function simulationLines(simulation: Simulation, columns?: number): string[] {
  const { startMs, endMs, capacity, violations, task, world, pauses, kills, schedule } = simulation
  const { lowestHealthy, promisedFloor, floor, highestSize, maximumSize, points } = capacity
  const notable = notableEvents(simulation)
  const { length } = schedule.waiting
  const waiting =
    length > 0 ? [`${count(length, 'fault')} ${length === 1 ? 'was' : 'were'} still to come at the end`] : []
  return [
    simulationLine(simulation),
    '',
    ...drawCapacity({ points, startMs, endMs }, columns),
    '',
    `healthy at the lowest ${lowestHealthy}, promised ${promisedFloor}, promised and possible ${floor}`,
    `machines at the most ${highestSize}, allowed ${maximumSize}`,
    `${count(world.steps, 'step')}, ${count(pauses, 'pause')}, ${count(kills, 'killed client')}, seed ${task.seed}`,
    ...waiting,
    ...section('what happened', notable, eventsShown),
    ...section('broken promises, a defect of ours', violations, violationsShown),
  ]
}

function section(title: string, lines: readonly string[], most: number): string[] {
  if (lines.length === 0) return []
  const hidden = lines.length - most
  return ['', `${title}:`, ...lines.slice(0, most), ...(hidden > 0 ? [`        and ${hidden} more`] : [])]
}
