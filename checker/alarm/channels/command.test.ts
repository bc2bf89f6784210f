import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { noticeOf } from '../fixtures/notices.ts'
import { sendToCommand } from './command.ts'

const never = new AbortController().signal

t.test('a command gets the facts in its environment and as JSON', async (t) => {
  const folder = t.testdir({})
  const notices = [noticeOf({ previousVerdict: 'warning', reasons: ['$(touch hacked)', '`two`'] })]
  await sendToCommand(
    `cd '${folder}'; env | grep ^BAKEROLL_ALARM_ | sort > env; cat > json`,
    { key: 'k1', notices },
    never,
  )
  const environment = readFileSync(join(folder, 'env'), 'utf8')
  for (const line of [
    'BAKEROLL_ALARM_KEY=k1',
    'BAKEROLL_ALARM_KIND=alarm',
    'BAKEROLL_ALARM_VERDICT=critical',
    'BAKEROLL_ALARM_PREVIOUS_VERDICT=warning',
    'BAKEROLL_ALARM_TARGET=http://a (10.0.0.1)',
    'BAKEROLL_ALARM_ADDRESS=10.0.0.1',
    'BAKEROLL_ALARM_TIMES=3',
    'BAKEROLL_ALARM_REASONS=$(touch hacked)',
  ]) {
    t.match(environment, `${line}\n`)
  }
  t.match(JSON.parse(readFileSync(join(folder, 'json'), 'utf8')), {
    key: 'k1',
    id: 'a1-1',
    kind: 'alarm',
    reasons: [/touch/],
  })
  t.notOk(existsSync(join(folder, 'hacked')))
})

t.test('reports how a command failed, without secrets', async (t) => {
  const message = { key: 'k1', notices: [noticeOf()] }
  const secret = 'T0KEN0123456789abcdefghij'
  await t.rejects(sendToCommand('exit 7', message, never), { message: 'exit code 7' })
  await t.rejects(sendToCommand('kill -9 $$', message, never), { message: 'SIGKILL' })
  await t.rejects(sendToCommand('no-such-program-here', message, never), { message: /^exit code 127: .*not found$/ })
  await t.rejects(sendToCommand(`echo could not post https://me:pw@h.org/${secret} >&2; exit 1`, message, never), {
    message: 'exit code 1: could not post https://h.org',
  })
  await t.rejects(sendToCommand(`echo bad token ${secret} >&2; exit 1`, message, never), {
    message: 'exit code 1: bad token ...',
  })
})

t.test('hides the command from the process list and from the environment of its children', async (t) => {
  const folder = t.testdir({})
  const command = `: s3cret; cd '${folder}'; tr '\\0' ' ' </proc/$$/cmdline >line; env >environment; exit 0`
  await sendToCommand(command, { key: 'k1', notices: [noticeOf()] }, never)
  const line = readFileSync(join(folder, 'line'), 'utf8')
  t.match(line, /^sh -c /)
  t.notMatch(line, 's3cret')
  t.notMatch(readFileSync(join(folder, 'environment'), 'utf8'), 's3cret')
})

t.test('a command may ignore stdin and leave a background process', async (t) => {
  const long = noticeOf({ reasons: Array.from({ length: 1000 }, () => 'x'.repeat(500)) })
  await sendToCommand(
    'exec <&-; sleep 60 & true',
    { key: 'k1', notices: [{ ...long, reasons: long.reasons.slice(0, 100) }] },
    never,
  )
  t.pass()
})

t.test('kills a command that hangs, children included', async (t) => {
  const folder = t.testdir({})
  const command = `cd '${folder}'; sleep 600 & echo $! > child; wait`
  await t.rejects(sendToCommand(command, { key: 'k1', notices: [noticeOf()] }, AbortSignal.timeout(1000)), {
    message: 'did not finish in time and was killed',
  })
  const pid = Number(readFileSync(join(folder, 'child'), 'utf8'))
  const isGone = () => !existsSync(`/proc/${pid}/stat`) || /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  while (!isGone()) await new Promise((resolve) => setTimeout(resolve, 10))
  t.ok(isGone())
})
