import type { Observation } from './group-watch.ts'

/** One line per instance for a live view: id, release, state, health, and why it is not proven yet. */
export function instanceLines({ group, evidence }: Observation): string[] {
  return group.instances.map(({ id, release, imageId, state, health }) => {
    const seen = evidence.get(id)
    const note = imageId !== group.imageId ? 'outdated' : seen?.proven ? 'proven' : (seen?.reason ?? '')
    return `${id}  ${release}  ${state}  ${health}  ${note}`.trimEnd()
  })
}
