import { DescribeInstanceTypesCommand } from '@aws-sdk/client-ec2'
import { OperatorError } from '../../../lib/errors.ts'
import type { AwsSettings } from '../../../settings/aws-settings.ts'
import { findProgram } from '../../../tools/system-packages.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import { awsArchitecture, type BakeSettings, smallType } from './architecture.ts'
import { builderVpc } from './builder-group.ts'

/** Throws a usage error when bake settings contradict each other. Makes no request. */
export function checkBakeSettings(settings: AwsSettings): void {
  const { kmsKey, shareAccounts, copyRegions, builderInterface, builderInstanceProfile } = settings
  if (shareAccounts.length > 0 && kmsKey === undefined) {
    throw new OperatorError(
      'usage',
      'aws.kmsKey: needed to share an image: other accounts cannot use the default key',
      {
        hint: 'BAKEROLL_AWS_KMS_KEY=alias/bakeroll, a key that the other accounts may use',
      },
    )
  }
  if (kmsKey !== undefined && copyRegions.length > 0 && !/^(alias\/|mrk-)/.test(kmsKey)) {
    throw new OperatorError('usage', `aws.kmsKey: ${kmsKey} exists in one region only, but copies go to others`, {
      hint: 'use an alias that exists in each region, such as alias/bakeroll',
    })
  }
  if (builderInterface === 'session_manager' && builderInstanceProfile === undefined) {
    throw new OperatorError('usage', 'aws.builderInstanceProfile: needed to reach the builder by Session Manager', {
      hint: 'an instance profile with the policy AmazonSSMManagedInstanceCore',
    })
  }
}

/** Returns the builder's VPC; throws a usage error when the builder could not start as the settings say. */
export async function checkBuilder(aws: Aws, settings: BakeSettings): Promise<string> {
  if (settings.builderInterface === 'session_manager' && findProgram('session-manager-plugin') === undefined) {
    throw new OperatorError('refused', 'session-manager-plugin is not installed', {
      hint: 'https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html',
    })
  }
  const [vpcId] = await Promise.all([builderVpc(aws, settings), checkType(aws, settings)])
  return vpcId
}

async function checkType(aws: Aws, { builderType: type, architecture }: BakeSettings): Promise<void> {
  const answer = await aws.ec2
    .send(new DescribeInstanceTypesCommand({ InstanceTypes: [type as never] }))
    .catch(async (cause) => {
      if (!isAwsError(cause, 'InvalidInstanceType')) throw cause
      throw new OperatorError('usage', `aws.builderType: there is no ${type} in ${await aws.region()}`, { cause })
    })
  const known = answer.InstanceTypes?.[0]?.ProcessorInfo?.SupportedArchitectures ?? []
  const wanted = awsArchitecture(architecture)
  if (known.length > 0 && !known.includes(wanted)) {
    throw new OperatorError('usage', `aws.builderType: ${type} is ${known.join(', ')}, the image ${wanted}`, {
      hint: smallType(architecture),
    })
  }
}
