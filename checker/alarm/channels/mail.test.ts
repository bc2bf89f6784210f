// needs: openssl
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { optionOf } from '../../fixtures/options.ts'
import { noticeOf } from '../fixtures/notices.ts'
import { startMailServer } from '../fixtures/receivers.ts'
import { messageTitle } from '../notice-text.ts'
import type { AlarmOptions } from '../process-alarms.ts'
import { sendBySendmail, sendBySmtp } from './mail.ts'

const never = new AbortController().signal
const message = { key: 'k1', notices: [noticeOf({ reasons: ['Störung: 12 ± 3 ms'] })] }
const envelope = { to: ['ops@example.org', 'night@example.org'], from: 'check@example.org' }

/** The headers of a mail, unfolded. */
function headersOf(mail: string): Map<string, string> {
  const head = mail.slice(0, mail.indexOf('\n\n')).replace(/\n\s+/g, ' ')
  return new Map(head.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
}

function bodyOf(mail: string): string {
  const body = mail.slice(mail.indexOf('\n\n') + 2)
  if (headersOf(mail).get('Content-Transfer-Encoding') === 'base64') return Buffer.from(body, 'base64').toString()
  const bytes = body
    .replace(/=\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

t.test('sends a mail over SMTP, with a login if there is one', async (t) => {
  const { port, mails } = await startMailServer(t)
  const server = { host: '127.0.0.1', port, isSecure: false }
  await sendBySmtp(envelope, server, message, never)
  await sendBySmtp(envelope, { ...server, login: { user: 'me', password: 'se:cret' } }, message, never)
  t.match(mails, [{ from: 'check@example.org', to: envelope.to, login: undefined }, { login: '\0me\0se:cret' }])
  const mail = mails[0]?.message ?? ''
  t.match(Object.fromEntries(headersOf(mail)), {
    'Message-ID': '<k1@example.org>',
    References: '<a1@example.org>',
    'Auto-Submitted': 'auto-generated',
    Date: 'Thu, 01 Jan 2026 00:02:00 +0000',
    To: 'ops@example.org, night@example.org',
  })
  t.equal(bodyOf(mail).trim(), messageTitle(message))
  t.match(headersOf(mail).get('Subject'), /^=\?UTF-8\?/)
})

t.test('reports SMTP failures without the text of the server', async (t) => {
  const refusing = async (command: string, answer: string) => {
    const { port } = await startMailServer(t, (line) => (line.startsWith(command) ? answer : undefined))
    return { host: '127.0.0.1', port, isSecure: false, login: { user: 'me', password: 'secret' } }
  }
  const send = (server: Parameters<typeof sendBySmtp>[1], signal = never) =>
    sendBySmtp(envelope, server, message, signal)
  await t.rejects(send(await refusing('AUTH', '535 no secret')), {
    message: 'the server rejects the user and password',
  })
  await t.rejects(send(await refusing('MAIL', '451 secret')), { message: 'the server answers 451' })
  await t.rejects(send(await refusing('RCPT', '550 secret')), { message: 'the server answers 550' })
  await t.rejects(send({ host: '127.0.0.1', port: 1, isSecure: false }), { message: 'connection refused' })
  await t.rejects(send(await refusing('EHLO', ''), AbortSignal.timeout(100)), { message: 'no answer in time' })
})

t.test('does not send a password to another host in the clear', async (t) => {
  const commands: string[] = []
  const { port } = await startMailServer(t, (line) => {
    commands.push(line)
    return undefined
  })
  // An address of this computer that is not recognised as local.
  const server = { host: '0.0.0.0', port, isSecure: false, login: { user: 'me', password: 'secret' } }
  await t.rejects(sendBySmtp(envelope, server, message, never), {
    message: 'no TLS with the server, and the password is not sent without it',
  })
  t.notOk(commands.some((line) => line.startsWith('AUTH')))
})

t.test('smtps uses TLS from the start and requires a trusted certificate', async (t) => {
  const folder = t.testdir({})
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -subj /CN=127.0.0.1'
  const files = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert]
  execFileSync('openssl', [...words.split(' '), ...files], { stdio: 'ignore' })
  const { port, mails } = await startMailServer(t, undefined, { key: readFileSync(key), cert: readFileSync(cert) })
  const options: AlarmOptions = {
    stateFile: join(folder, 'state'),
    failures: 1,
    successes: 1,
    remindMs: 0,
    timeoutMs: 20_000,
    notify: await optionOf('notify', `smtps://me:secret@127.0.0.1:${port}?to=ops@example.org`),
  }
  const run = async (trusted: string) => {
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: trusted }
    const child = fork(new URL('../fixtures/run-alarms.ts', import.meta.url).pathname, { env })
    child.send({ verdicts: ['critical'], options: { ...options, timeoutMs: trusted === '' ? 8000 : 20_000 } })
    const [outcome] = await once(child, 'message')
    return outcome
  }
  t.match(await run(''), {
    delivered: 0,
    problems: [/^mail through 127\.0\.0\.1: the certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\); 1 message/],
  })
  t.equal(mails.length, 0)
  t.match(await run(cert), { delivered: 1, problems: [] })
  t.match(mails, [{ to: ['ops@example.org'], login: '\0me\0secret', message: /it is critical/ }])
})

t.test('passes the whole mail to the sendmail in PATH', async (t) => {
  const folder = t.testdir({ sendmail: '#!/bin/sh\necho "$@" > "$0.argv"; cat > "$0.mail"\n' })
  chmodSync(join(folder, 'sendmail'), 0o755)
  const path = process.env['PATH']
  process.env['PATH'] = `${folder}:${path}`
  t.teardown(() => {
    process.env['PATH'] = path
  })
  await sendBySendmail({ to: envelope.to }, message, never)
  t.equal(readFileSync(join(folder, 'sendmail.argv'), 'utf8'), '-t -i\n')
  const mail = readFileSync(join(folder, 'sendmail.mail'), 'utf8')
  t.match(Object.fromEntries(headersOf(mail)), {
    To: 'ops@example.org, night@example.org',
    From: `bakeroll@${hostname()}`,
    'Message-ID': `<k1@${hostname()}>`,
  })
  t.notMatch(mail, '\r')
  t.equal(bodyOf(mail).trim(), messageTitle(message))
})

t.test('reports the exit code of a failed sendmail', async (t) => {
  const folder = t.testdir({ sendmail: '#!/bin/sh\nexit 75\n' })
  chmodSync(join(folder, 'sendmail'), 0o755)
  const path = process.env['PATH']
  t.teardown(() => {
    process.env['PATH'] = path
  })
  process.env['PATH'] = `${folder}:${path}`
  await t.rejects(sendBySendmail(envelope, message, never), { message: 'exit code 75' })
})
