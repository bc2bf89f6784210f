import { OperatorError } from '../../../lib/errors.ts'
import type { Group } from '../../../lib/platform.ts'
import type { Aws } from '../clients.ts'
import { stateNote } from '../cloudformation/refusal.ts'
import { describeStack } from '../cloudformation/stacks.ts'
import type { Names } from '../names.ts'
import { readRecord, wantedImageId } from './record.ts'

const anew = 'npm run destroy, then npm run deploy to create the group again'

/** For a resource of the stack that was deleted by hand. Without its Auto Scaling group, a group cannot be read. */
export function deletedBehindBack(what: 'Auto Scaling group' | 'load balancer', group: string): OperatorError {
  const isOfBrokenGroup = what === 'Auto Scaling group'
  return new OperatorError('failed', `the ${what} of group ${group} was deleted outside CloudFormation`, {
    hint: isOfBrokenGroup ? anew : `npm run status -- --platform aws --drift shows what else changed; ${anew}`,
    isOfBrokenGroup,
    isLasting: true,
  })
}

/** A group whose Auto Scaling group is gone, from its stack and record: the images it still refers to. */
export async function remainsOf(aws: Aws, names: Names): Promise<Group | undefined> {
  const [stack, record = {}] = await Promise.all([describeStack(aws, names.serviceStack), readRecord(aws, names)])
  if (!stack) return undefined
  const { previousImageId, roll } = record
  return {
    name: names.group,
    imageId: wantedImageId(stack, record),
    size: 0,
    url: '',
    loadBalancer: 'stopped',
    ...(previousImageId === undefined ? {} : { previousImageId }),
    ...(roll === undefined ? {} : { roll }),
    instances: [],
  }
}

/** Why there is no group, from its stacks, one line each: a failed first creation, a deletion in progress. */
export async function absenceOf(aws: Aws, { networkStack, serviceStack }: Names): Promise<string[]> {
  const stacks = await Promise.all([networkStack, serviceStack].map((name) => describeStack(aws, name)))
  return stacks.flatMap((stack) => (stack && stateNote(stack)) ?? [])
}
