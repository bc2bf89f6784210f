import { stateNote, withoutNetwork } from '../cloudformation/refusal.ts'
import type { Stack } from '../cloudformation/states.ts'
import type { Names } from '../names.ts'
import type { GroupRecord, Undo } from './record.ts'

/** The network stack, where it was asked for; undefined inside when it is gone. */
interface AskedNetwork {
  readonly names: Names
  readonly network: Stack | undefined
}

/** What an operator should know of a group at rest, one line each: what a killed verb left changed, and stacks in a bad state. */
export function notesOf(service: Stack, { undo }: GroupRecord, asked: AskedNetwork | undefined): string[] {
  const left = undo ? [`not put back yet, which the next verb does: ${inWords(undo)}`] : []
  return [...left, ...stackNotes(service, asked)]
}

/** What is wrong with the service stack and, where that was asked for, the network stack. */
function stackNotes(service: Stack, asked: AskedNetwork | undefined): string[] {
  const notes = [service, asked?.network].flatMap((stack) => (stack && stateNote(stack)) ?? [])
  if (!asked || asked.network) return notes
  const { problem, hint } = withoutNetwork(asked.names.networkStack, service.name)
  return [...notes, `${problem}: ${hint}`]
}

function inWords({ suspended = [], minSize, maxSize, launchTemplateVersion }: Undo): string {
  const parts = [
    suspended.length > 0 ? `suspended ${suspended.join(', ')}` : undefined,
    minSize === undefined ? undefined : `the minimum, ${minSize} before`,
    maxSize === undefined ? undefined : `the maximum, ${maxSize} before`,
    launchTemplateVersion === undefined ? undefined : 'the version of the launch template',
  ]
  return parts.filter((part) => part !== undefined).join('; ')
}
