import type { InstanceEvent, RollEvent } from '../lib/roll/events.ts'

export type Look = RollEvent & InstanceEvent

/** The instances that were there before the roll launched any. */
export function oldInstances(events: readonly RollEvent[]): Set<string> {
  const first = events.findIndex((event) => event.event === 'step' && event.step === 'launch')
  const before = first < 0 ? events : events.slice(0, first)
  return new Set(before.flatMap((event) => (event.event === 'instance' ? [event.id] : [])))
}

/** Each run lists every existing instance; one that is missing was gone when the run began. */
export function instanceLooks(events: readonly RollEvent[]): Look[] {
  const looks: Look[] = []
  const there = new Map<string, Look>()
  let run: { readonly at: string; readonly unseen: Map<string, Look> } | undefined
  const endRun = () => {
    for (const [id, look] of run?.unseen ?? []) {
      if (run) looks.push({ ...look, at: run.at, state: 'gone' })
      there.delete(id)
    }
    run = undefined
  }
  for (const event of events) {
    if (event.event === 'began') {
      endRun()
      run = { at: event.at, unseen: new Map(there) }
    } else if (event.event === 'instance') {
      looks.push(event)
      run?.unseen.delete(event.id)
      if (event.state === 'gone') there.delete(event.id)
      else there.set(event.id, event)
    }
  }
  if (
    events.findLastIndex(({ event }) => event === 'instance') > events.findLastIndex(({ event }) => event === 'began')
  ) {
    endRun()
  }
  return looks
}
