import { stateNote, withoutNetwork } from '../cloudformation/refusal.ts'
import type { Stack } from '../cloudformation/states.ts'
import type { Names } from '../names.ts'
import type { GroupRecord, Undo } from './record.ts'

/** `network` is undefined when the stack is gone. */
interface AskedNetwork {
  readonly names: Names
  readonly network: Stack | undefined
}

/**
 * Notes for the operator about a group at rest, one line each: temporary changes of a killed verb, and stacks in a bad
 * state.
 */
export function notesOf(service: Stack, { undo }: GroupRecord, asked: AskedNetwork | undefined): string[] {
  const left = undo ? [`still changed, and restored by the next verb: ${inWords(undo)}`] : []
  return [...left, ...stackNotes(service, asked)]
}

function stackNotes(service: Stack, asked: AskedNetwork | undefined): string[] {
  const notes = [service, asked?.network].flatMap((stack) => (stack && stateNote(stack)) ?? [])
  if (!asked || asked.network) return notes
  const { problem, hint } = withoutNetwork(asked.names.networkStack, service.name)
  return [...notes, `${problem}: ${hint}`]
}

function inWords({ suspended = [], minSize, maxSize, launchTemplateVersion }: Undo): string {
  const parts = [
    suspended.length > 0 ? `suspended ${suspended.join(', ')}` : undefined,
    minSize === undefined ? undefined : `the minimum (was ${minSize})`,
    maxSize === undefined ? undefined : `the maximum (was ${maxSize})`,
    launchTemplateVersion === undefined ? undefined : 'the version of the launch template',
  ]
  return parts.filter((part) => part !== undefined).join('; ')
}
