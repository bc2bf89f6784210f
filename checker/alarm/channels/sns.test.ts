import t from 'tap'
import { noticeOf } from '../fixtures/notices.ts'
import { startReceiver } from '../fixtures/receivers.ts'
import { sendToSns } from './sns.ts'

const never = new AbortController().signal
const topic = 'arn:aws:sns:eu-central-1:123456789012:ops'
const message = { key: 'k1', notices: [noticeOf({ reasons: ['Störung'] })] }

/** The answers of docs.aws.amazon.com/sns/latest/api/API_Publish.html and of its errors. */
const taken =
  '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>567910cd</MessageId></PublishResult><ResponseMetadata><RequestId>d74b8436</RequestId></ResponseMetadata></PublishResponse>'
const refused =
  '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>User: secret is not authorized</Message></Error><RequestId>d74b8436</RequestId></ErrorResponse>'

t.before(() => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })
})

t.test('publishes to a topic, and to a FIFO topic with a deduplication id', async (t) => {
  const { url, received } = await startReceiver(
    t,
    ...[1, 2].map(() => (response: import('node:http').ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/xml' }).end(taken)
    }),
  )
  process.env['AWS_ENDPOINT_URL_SNS'] = url
  await sendToSns(topic, 'eu-central-1', message, never)
  await sendToSns(`${topic}.fifo`, 'eu-central-1', message, never)
  const [plain, fifo] = received.map(({ body }) => Object.fromEntries(new URLSearchParams(body)))
  t.match(plain, { Action: 'Publish', TopicArn: topic, Subject: /^critical: .*St\?rung/, Message: /Störung/ })
  t.equal(plain?.['MessageDeduplicationId'], undefined)
  t.match(fifo, { MessageDeduplicationId: 'k1', MessageGroupId: 'a1' })
  t.match(received[0]?.headers['authorization'], '/eu-central-1/sns/')
})

t.test('reports a refusal by its error code', async (t) => {
  const { url } = await startReceiver(t, (response) => {
    response.writeHead(403, { 'content-type': 'text/xml' }).end(refused)
  })
  process.env['AWS_ENDPOINT_URL_SNS'] = url
  await t.rejects(sendToSns(topic, 'eu-central-1', message, never), { message: /^AuthorizationError(Exception)?$/ })
  process.env['AWS_ENDPOINT_URL_SNS'] = 'http://127.0.0.1:1'
  await t.rejects(sendToSns(topic, 'eu-central-1', message, never), { message: 'connection refused' })
})
