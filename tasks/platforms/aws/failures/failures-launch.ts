import { capacityReason } from './capacity-reasons.ts'
import type { FailureFacts } from './failure-facts.ts'
import type { Attempt, Explanation, FailureRule } from './failure-rule.ts'

/** What keeps EC2 from launching, and images that are not where they are looked for. */
export const launchRules: readonly FailureRule[] = [
  {
    codes: {
      ec2: [
        'InvalidAMIID.NotFound',
        'InvalidAMIID.Unavailable',
        'InvalidAMIID.Malformed',
        'InsufficientInstanceCapacity',
        'InsufficientCapacity',
        'InstanceLimitExceeded',
        'VcpuLimitExceeded',
        'MaxSpotInstanceCountExceeded',
        'InsufficientFreeAddressesInSubnet',
      ],
    },
    explain: launchFailed,
  },
  { codes: { ec2: ['AuthFailure'] }, says: /Not authorized for images/, explain: launchFailed },
  {
    codes: { ec2: ['Unsupported', 'InvalidParameterValue'] },
    says: /Availability Zone|architecture/,
    explain: launchFailed,
  },
]

function launchFailed({ words, code, message }: FailureFacts, { command }: Attempt): Explanation {
  const known = capacityReason(words)
  const isKnown = known.hint !== undefined
  const { reason, hint } = isKnown ? known : capacityReason(example(code))
  return {
    problem: `${command}: ${isKnown ? reason : message}`,
    ...(hint === undefined ? {} : { hint }),
  }
}

/** EC2's messages change more often than its codes: words that stand for a code where they are new. */
function example(code: string): string {
  if (code.startsWith('InvalidAMIID')) return "The image id '[ami-0]' does not exist"
  if (/Vcpu|InstanceLimit/.test(code)) return 'current vCPU limit of 0'
  if (code === 'InsufficientFreeAddressesInSubnet') return 'insufficient free addresses in subnet-0'
  return code
}
