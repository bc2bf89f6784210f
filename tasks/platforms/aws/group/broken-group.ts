import { OperatorError } from '../../../lib/errors.ts'
import type { Group } from '../../../lib/platform.ts'
import type { Aws } from '../clients.ts'
import { stateNote } from '../cloudformation/refusal.ts'
import { describeStack } from '../cloudformation/stacks.ts'
import type { Names } from '../names.ts'
import { readRecord, wantedImageId } from './record.ts'

const anew = 'npm run destroy and npm run deploy make the group anew'

/** Somebody deleted a part that only CloudFormation may delete. Without its Auto Scaling group a group cannot be looked at any more. */
export function deletedBehindBack(what: 'Auto Scaling group' | 'load balancer', group: string): OperatorError {
  const isOfBrokenGroup = what === 'Auto Scaling group'
  return new OperatorError('failed', `the ${what} of group ${group} was deleted behind CloudFormation's back`, {
    hint: isOfBrokenGroup ? anew : `npm run status -- --platform aws --drift shows what else; ${anew}`,
    isOfBrokenGroup,
    isLasting: true,
  })
}

/** Of a group whose Auto Scaling group is gone, what its stack and its record say: which images it still names. */
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

/** Why there is no group, as far as its stacks tell, one line each: a first creation that failed, a deletion on its way. */
export async function absenceOf(aws: Aws, { networkStack, serviceStack }: Names): Promise<string[]> {
  const stacks = await Promise.all([networkStack, serviceStack].map((name) => describeStack(aws, name)))
  return stacks.flatMap((stack) => (stack && stateNote(stack)) ?? [])
}
