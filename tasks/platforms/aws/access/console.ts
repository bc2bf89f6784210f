import { GetConsoleOutputCommand } from '@aws-sdk/client-ec2'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'

/**
 * What an instance wrote to its serial console, 64 KiB at most. As it is now on instance types of the Nitro system; on others
 * as EC2 kept it some minutes after a start or an end
 * (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html). Empty when there is nothing yet.
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
