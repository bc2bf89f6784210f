import http from 'node:http'
import https from 'node:https'
import { lookupWithin } from '../../names/node-lookup.ts'
import { type Message, messageText, messageTitle } from '../notice-text.ts'
import { proxyFor, tunnelAgent } from '../proxy.ts'
import { DeliveryError, describeSystemError } from './delivery-error.ts'

/** The signal ends it earlier. */
const longestLookUpMs = 30_000

/** Publishes to an Amazon SNS topic; a FIFO topic drops repeated deliveries itself. */
export async function sendToSns(topic: string, region: string, message: Message, signal: AbortSignal): Promise<void> {
  const { SNSClient, PublishCommand } = await import('@aws-sdk/client-sns').catch((error: unknown) => {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    const what = isMissing ? 'is not installed here: npm install @aws-sdk/client-sns' : 'cannot be loaded'
    throw new DeliveryError(`the AWS library ${what}`, { cause: error })
  })
  const connection = { lookup: lookupWithin(longestLookUpMs), keepAlive: false }
  const proxy = proxyFor(new URL(`https://sns.${region}.amazonaws.com`))
  const httpsAgent = proxy === undefined ? new https.Agent(connection) : tunnelAgent(proxy, connection.lookup)
  const requestHandler = { httpAgent: new http.Agent(connection), httpsAgent }
  const client = new SNSClient({ region, maxAttempts: 1, requestHandler })
  const fifo = { MessageDeduplicationId: message.key, MessageGroupId: message.notices[0]?.outage ?? 'bakeroll' }
  try {
    await client.send(
      new PublishCommand({
        TopicArn: topic,
        // ASCII, at most 100 characters (docs.aws.amazon.com/sns/latest/api/API_Publish.html).
        Subject: messageTitle(message)
          .replace(/[^ -~]/g, '?')
          .slice(0, 100),
        Message: messageText(message),
        MessageAttributes: { key: { DataType: 'String', StringValue: message.key } },
        ...(topic.endsWith('.fifo') ? fifo : {}),
      }),
      { abortSignal: signal },
    )
  } catch (error) {
    throw new DeliveryError(describeAwsError(error), { cause: error })
  } finally {
    client.destroy()
  }
}

/** The error's name says what to do (AuthorizationError, NotFound); its text may contain a key id. */
function describeAwsError(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  if (error instanceof DeliveryError) return error.message
  return 'code' in error || error.name === 'Error' ? describeSystemError(error) : error.name
}
