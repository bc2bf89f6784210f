import { OperatorError } from '../../../lib/errors.ts'

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
