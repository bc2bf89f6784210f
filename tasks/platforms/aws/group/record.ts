import {
  DeleteParametersCommand,
  GetParameterCommand,
  PutParameterCommand,
  paginateGetParametersByPath,
} from '@aws-sdk/client-ssm'
import { OperatorError } from '../../../lib/errors.ts'
import type { RollRecord } from '../../../lib/platform.ts'
import type { Aws } from '../clients.ts'
import type { Stack } from '../cloudformation/states.ts'
import { isAwsError } from '../failures/failures.ts'
import { type Names, parameterRoot } from '../names.ts'

/**
 * What is known of a group beside what AWS itself tells: one SSM parameter. The wanted image is not in it; that is a
 * parameter of the service stack.
 */
export interface GroupRecord {
  readonly previousImageId?: string
  readonly roll?: RollRecord
  /** The desired size while a verb is on its way there; else the group's desired capacity is its size. */
  readonly size?: number
  /** What a verb changed for its own time only, and what must be put back when it ends or has died. */
  readonly undo?: Undo
}

/** How the Auto Scaling group was before a verb began. */
export interface Undo {
  /** Scaling processes that were running. */
  readonly suspended?: readonly string[]
  readonly minSize?: number
  readonly maxSize?: number
  /** The version of the launch template that the group follows. */
  readonly launchTemplateVersion?: string
}

/** The record of a group; undefined when it has none. Throws `failed` when it is no record. */
export async function readRecord(aws: Aws, { recordParameter: Name }: Names): Promise<GroupRecord | undefined> {
  let text: string
  try {
    text = (await aws.ssm.send(new GetParameterCommand({ Name }))).Parameter?.Value ?? ''
  } catch (error) {
    if (isAwsError(error, 'ParameterNotFound')) return undefined
    throw error
  }
  try {
    const found: unknown = JSON.parse(text)
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found
    throw new Error('no object')
  } catch (cause) {
    throw new OperatorError('failed', `the SSM parameter ${Name} is no record of a group: ${text.slice(0, 80)}`, {
      hint: `aws ssm delete-parameter --name ${Name} forgets it; rolls under way and the rollback go with it`,
      cause,
    })
  }
}

/** Writes the record of a group. */
export async function writeRecord(aws: Aws, names: Names, record: GroupRecord): Promise<void> {
  await aws.ssm.send(new PutParameterCommand({ ...parameterOf(names, record), Overwrite: true }))
}

/** Makes the record of a new group, tagged as the group's, in the place of one that may be left of a former group. */
export async function createRecord(aws: Aws, names: Names, record: GroupRecord): Promise<void> {
  const Tags = Object.entries(names.tags).map(([Key, Value]) => ({ Key, Value }))
  try {
    await aws.ssm.send(new PutParameterCommand({ ...parameterOf(names, record), Tags }))
  } catch (error) {
    if (!isAwsError(error, 'ParameterAlreadyExists')) throw error
    await writeRecord(aws, names, record)
  }
}

function parameterOf({ recordParameter: Name }: Names, record: GroupRecord) {
  return { Name, Value: JSON.stringify(record), Type: 'String' as const }
}

/** The record of a group that no longer follows this version of its launch template. */
export function pinned(record: GroupRecord, launchTemplateVersion: string): GroupRecord {
  return { ...record, undo: { ...record.undo, launchTemplateVersion } }
}

/** The record of a group that follows that version again. */
export function unpinned({ undo: { launchTemplateVersion: _, ...undo } = {}, ...record }: GroupRecord): GroupRecord {
  return Object.keys(undo).length > 0 ? { ...record, undo } : record
}

/** Removes the record of a group; none is fine. */
export async function deleteRecord(aws: Aws, { recordParameter }: Names): Promise<void> {
  await aws.ssm.send(new DeleteParametersCommand({ Names: [recordParameter] }))
}

/** The names of all groups of the account and region that have a record. */
export async function recordedGroups(aws: Aws): Promise<string[]> {
  const found: string[] = []
  for await (const { Parameters = [] } of paginateGetParametersByPath(
    { client: aws.ssm },
    { Path: parameterRoot, Recursive: true },
  )) {
    for (const { Name = '' } of Parameters) {
      const name = new RegExp(`^${parameterRoot}/([^/]+)/record$`).exec(Name)?.[1]
      if (name !== undefined) found.push(name)
    }
  }
  return found.sort()
}

/**
 * The image that the group wants: a parameter of the service stack, or, while a roll is under way, where that goes. Both
 * are the same but for the moment between the two writes, and `launch` makes them the same.
 */
export function wantedImageId(stack: Stack, { roll }: GroupRecord): string {
  if (roll) return roll.rollingBack ? roll.previousImageId : roll.imageId
  return stack.parameters['ImageId'] ?? ''
}
