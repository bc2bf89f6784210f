import { GetConsoleOutputCommand } from '@aws-sdk/client-ec2'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'

/**
 * The serial console output of an instance, at most the last 64 KiB; empty when there is none yet. Current on Nitro
 * instance types; on others, the copy that EC2 takes some minutes after a start or stop
 * (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html).
 */
export async function consoleOutput({ ec2 }: Pick<Aws, 'ec2'>, id: string): Promise<string> {
  const read = async (Latest: boolean) => {
    const { Output = '' } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest }))
    return Buffer.from(Output, 'base64').toString('utf8')
  }
  try {
    return await read(true)
  } catch (error) {
    if (isAwsError(error, 'UnsupportedOperation')) return read(false)
    throw error
  }
}
