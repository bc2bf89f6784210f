import type { RollEvent } from '../lib/roll/events.ts'
import type { TimeScale } from './time-scale.ts'

export interface StepRow {
  /** Since the roll began. */
  readonly time: string
  /** UTC, ISO 8601. */
  readonly at: string
  readonly kind: string
  readonly instance: string
  readonly because: string
  /** When it was repeated: `again at 4:07`, `9 times until 4:07`. */
  readonly again?: string
  readonly times: number
}

type Telling = Pick<StepRow, 'kind' | 'instance' | 'because'>

/** Everything the roll did, with reasons. Repetitions of a step with the same reason are one line. */
export function stepList(events: readonly RollEvent[], scale: TimeScale): StepRow[] {
  const rows: StepRow[] = []
  const last = new Map<string, number>()
  for (const event of events) {
    const told = tellingOf(event)
    if (!told) continue
    const time = scale.name(Date.parse(event.at))
    const index = last.get(told.instance)
    const before = index === undefined ? undefined : rows[index]
    if (index !== undefined && before?.kind === told.kind && before.because === told.because) {
      const times = before.times + 1
      rows[index] = { ...before, times, again: times === 2 ? `again at ${time}` : `${times} times until ${time}` }
    } else {
      last.set(told.instance, rows.push({ time, at: event.at, ...told, times: 1 }) - 1)
    }
  }
  return rows
}

function tellingOf(event: RollEvent): Telling | undefined {
  if (event.event === 'warning') return { kind: 'warning', instance: '', because: event.message }
  if (event.event === 'began') {
    const { resumed, group, imageId, previousImageId } = event
    const because = `${group} from ${previousImageId} to ${imageId}`
    return { kind: resumed ? 'carried on' : 'began', instance: '', because }
  }
  if (event.event === 'ended') {
    return { kind: event.outcome, instance: '', because: event.reason ?? `${event.replaced} replaced` }
  }
  if (event.event !== 'step') return undefined
  const { step, count = 1, instanceId = '', because } = event
  return { kind: step, instance: instanceId, because: count === 1 ? because : `${count} at once: ${because}` }
}
