import t from 'tap'
import { problemOf } from '../../fixtures/options.ts'
import { freeUrl } from '../../fixtures/service.ts'
import { noticeOf } from '../fixtures/notices.ts'
import { cut, silence, startReceiver, status } from '../fixtures/receivers.ts'
import { parseHeartbeat, sendHeartbeat } from '../heartbeat.ts'
import { DeliveryError } from './delivery-error.ts'
import { sendToSlack } from './slack.ts'
import { sendToWebhook } from './webhook.ts'

const message = { key: 'k1', notices: [noticeOf()] }
const never = new AbortController().signal

t.test('a webhook gets JSON, the key, and the login from its URL as a header', async (t) => {
  const { url, received } = await startReceiver(t)
  await sendToWebhook(`${url.replace('//', '//me:s%40e@')}/hook?x=1`, undefined, message, never)
  t.match(received, [
    {
      method: 'POST',
      path: '/hook?x=1',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': 'k1',
        authorization: `Basic ${Buffer.from('me:s@e').toString('base64')}`,
      },
    },
  ])
  t.match(JSON.parse(received[0]?.body ?? ''), {
    id: 'a1-1',
    kind: 'alarm',
    verdict: 'critical',
    url: 'http://a',
    summary: 'critical: http://a (10.0.0.1): status 500 (3 times in a row, since 2026-01-01T00:00:00Z)',
    reasons: ['status 500', 'version 1.3.0, expected 1.4.0'],
  })
})

t.test('a webhook gets the rendered template', async (t) => {
  const { url, received } = await startReceiver(t)
  await sendToWebhook(url, '{"text": "{{summary}}"}', message, never)
  await sendToWebhook(url, '{{target}} & {{reason}}', message, never)
  await t.rejects(sendToWebhook(url, '{{#open}}', message, never), { message: /^the template: / })
  t.match(received, [
    { headers: { 'content-type': 'application/json' }, body: /^{"text": "critical: http:\/\/a .*"}$/ },
    { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'http://a (10.0.0.1) & status 500' },
  ])
})

t.test('Slack gets one text for all notices of a check, with its markup escaped', async (t) => {
  const { url, received } = await startReceiver(t)
  const notices = [noticeOf({ reasons: ['<!channel> & more', 'and that'] }), noticeOf({ kind: 'gone' })]
  await sendToSlack(url, { key: 'k2', notices }, never)
  const lines = JSON.parse(received[0]?.body ?? '').text.split('\n')
  t.match(lines, [/^critical: .*&lt;!channel&gt; &amp; more/, '  also: and that', /^no longer checked: /])
  t.equal(lines.length, 4)
})

t.test('reports each response that does not accept the message, without secrets', async (t) => {
  const table = [
    [status(500), { message: 'status 500', isRefusal: false }],
    [status(400), { message: 'status 400', isRefusal: true }],
    [status(404), { message: 'status 404', isRefusal: false }],
    [status(429, { 'retry-after': '7' }), { message: 'status 429', retryAfterMs: 7000 }],
    [status(302, { location: 'http://127.0.0.1:1/' }), { message: 'status 302: redirects are not followed' }],
    [cut, { message: 'connection closed before the answer' }],
  ] as const
  for (const [answer, expected] of table) {
    const { url } = await startReceiver(t, answer)
    const error = await sendToWebhook(`${url}/secret`, undefined, message, never).catch((cause) => cause)
    t.ok(error instanceof DeliveryError)
    t.match(error, expected)
    t.notMatch(error.message, /secret|127\.0/)
  }
})

t.test('reports an unreachable receiver and one that never answers', async (t) => {
  await t.rejects(sendToWebhook(`${await freeUrl()}/secret`, undefined, message, never), {
    message: 'connection refused',
  })
  await t.rejects(sendToWebhook('http://nothing.invalid/secret', undefined, message, never), {
    message: /^the host name (does not exist|could not be looked up)$/,
  })
  await t.rejects(sendToWebhook('http://127.0.0.1:1/secret', undefined, message, never), {
    message: 'connection refused',
  })
  const { url } = await startReceiver(t, silence)
  const signal = AbortSignal.timeout(50)
  await t.rejects(sendToWebhook(url, undefined, message, signal), { message: 'no answer in time' })
})

t.test('a heartbeat is a GET of its URL, with /fail when the checker is broken', async (t) => {
  const { url, received } = await startReceiver(t)
  t.equal(await sendHeartbeat(new URL(`${url}/ping/secret?a=1`), 'done', 5000), undefined)
  t.equal(await sendHeartbeat(new URL(`${url}/ping/secret/?a=1`), 'broken', 5000), undefined)
  t.match(received, [
    { method: 'GET', path: '/ping/secret?a=1' },
    { method: 'GET', path: '/ping/secret/fail?a=1' },
  ])
})

t.test('a heartbeat follows a limited number of redirects', async (t) => {
  const end = await startReceiver(t)
  const first = await startReceiver(t, status(301, { location: `${end.url}/there` }))
  t.equal(await sendHeartbeat(new URL(`${first.url}/ping`), 'done', 5000), undefined)
  t.match(end.received, [{ method: 'GET', path: '/there' }])
  const loop = await startReceiver(t, ...Array.from({ length: 12 }, () => status(302, { location: '/' })))
  t.match(await sendHeartbeat(new URL(loop.url), 'done', 5000), /: status 302$/)
})

t.test('a heartbeat is tried twice before its failure is reported, without its secret', async (t) => {
  const once = await startReceiver(t, status(503))
  t.equal(await sendHeartbeat(new URL(`${once.url}/secret`), 'done', 5000), undefined)
  t.equal(once.received.length, 2)
  const twice = await startReceiver(t, status(503), status(500))
  t.equal(
    await sendHeartbeat(new URL(`${twice.url}/secret`), 'done', 5000),
    `heartbeat ${new URL(twice.url).host}: status 500`,
  )
  const hangs = await startReceiver(t, silence, silence)
  t.match(await sendHeartbeat(new URL(hangs.url), 'done', 100), /no answer in time$/)
})

t.test('names an invalid heartbeat URL', (t) => {
  t.equal(problemOf(parseHeartbeat('https://hc-ping.com/secret')), undefined)
  t.equal(problemOf(parseHeartbeat('hc-ping.com')), 'expected a url (https://...)')
  t.equal(problemOf(parseHeartbeat('ftp://h/secret')), 'expected http or https, got ftp://h')
  t.equal(problemOf(parseHeartbeat('https://u:secret@h/x')), 'h: a user or password is not supported')
  t.end()
})
