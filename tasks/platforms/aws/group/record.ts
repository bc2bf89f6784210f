import {
  DeleteParametersCommand,
  GetParameterCommand,
  PutParameterCommand,
  paginateGetParametersByPath,
} from '@aws-sdk/client-ssm'
import { OperatorError } from '../../../lib/errors.ts'
import type { InPlace, RollRecord } from '../../../lib/platform.ts'
import type { Aws } from '../clients.ts'
import type { Stack } from '../cloudformation/states.ts'
import { isAwsError } from '../failures/failures.ts'
import { type Names, parameterRoot } from '../names.ts'

/**
 * What AWS does not know about a group, in one SSM parameter. The wanted image is a parameter of the service stack
 * instead.
 */
export interface GroupRecord {
  readonly previousImageId?: string
  readonly roll?: RollRecord
  readonly inPlace?: InPlace
  /** The requested size until it is reached; absent: the group's desired capacity. */
  readonly size?: number
  /** Temporary changes of a verb, to be undone when it ends or has died. */
  readonly undo?: Undo
}

/** The Auto Scaling group's settings before a verb changed them. */
export interface Undo {
  readonly suspended?: readonly string[]
  readonly minSize?: number
  readonly maxSize?: number
  /** The launch template version that the group follows. */
  readonly launchTemplateVersion?: string
}

/** Undefined when the group has no record. Throws `failed` when it cannot be parsed. */
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
    throw new OperatorError('failed', `the SSM parameter ${Name} holds no record of a group: ${text.slice(0, 80)}`, {
      hint: `aws ssm delete-parameter --name ${Name} deletes it, and with it the state of a running roll and the image for a rollback`,
      cause,
    })
  }
}

export async function writeRecord(aws: Aws, names: Names, record: GroupRecord): Promise<void> {
  await aws.ssm.send(new PutParameterCommand({ ...parameterOf(names, record), Overwrite: true }))
}

/** Creates the tagged record of a new group, replacing one left by an earlier group. */
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

/** Records that the group no longer follows this version of its launch template. */
export function pinned(record: GroupRecord, launchTemplateVersion: string): GroupRecord {
  return { ...record, undo: { ...record.undo, launchTemplateVersion } }
}

/** Undoes `pinned`. */
export function unpinned({ undo: { launchTemplateVersion: _, ...undo } = {}, ...record }: GroupRecord): GroupRecord {
  return Object.keys(undo).length > 0 ? { ...record, undo } : record
}

/** Does nothing when there is no record. */
export async function deleteRecord(aws: Aws, { recordParameter }: Names): Promise<void> {
  await aws.ssm.send(new DeleteParametersCommand({ Names: [recordParameter] }))
}

/** All groups of the account and region that have a record. */
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
 * The wanted image: the service stack's parameter or, during a roll, the roll's target. They differ only between two
 * writes, and `launch` makes them equal.
 */
export function wantedImageId(stack: Stack, { roll }: GroupRecord): string {
  if (roll) return roll.rollingBack ? roll.previousImageId : roll.imageId
  return stack.parameters['ImageId'] ?? ''
}
