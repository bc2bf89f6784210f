import t from 'tap'
import { plainPolicy } from '../lib/roll/policy.ts'
import { parsePolicy } from './policy-text.ts'

t.test('what is not said', (t) => {
  t.match(parsePolicy('', 1000), { ...plainPolicy, surge: 50, timeoutSeconds: Number })
  t.match(parsePolicy('', 3), { surge: 1 }, 'at least one')
  t.match(parsePolicy('max-unavailable=1', 100), { surge: 0, maxUnavailable: 1 })
  t.ok(parsePolicy('surge=1', 1000).timeoutSeconds > 1000 * 90, 'ample time for one after the other')
  t.end()
})

t.test('names and values', (t) => {
  const table: [string, object][] = [
    ['surge=10', { surge: 10 }],
    ['batch:10%', { surge: 20 }],
    ['surge=1,max-unavailable=25%', { surge: 1, maxUnavailable: 50 }],
    ['surge=0,max-unavailable=2', { surge: 0, maxUnavailable: 2 }],
    ['canary=2,canary-watch=10m', { canary: 2, canaryWatchSeconds: 600 }],
    ['canary=0', { canary: 0 }],
    ['pause-at=50%,1,25%,pause=1h', { pauseAt: [1, 50, 100], pauseSeconds: 3600 }],
    ['pause-at=3', { pauseAt: [3], pauseSeconds: undefined }],
    ['force', { force: true }],
    ['force=false', { force: false }],
    ['instance-timeout=90s,timeout=2d', { instanceTimeoutSeconds: 90, timeoutSeconds: 172_800 }],
  ]
  for (const [text, policy] of table) t.match(parsePolicy(text, 200), policy, text)
  t.end()
})

t.test('each wrong word is named with its place', (t) => {
  const table: [string, string][] = [
    ['surg=1', '--policy: "surg=1", number 1 of the list: no part of a policy is called "surg"'],
    ['surge', '--policy: "surge", number 1 of the list: surge wants a count or a percent'],
    ['force,surge=x', '--policy: "surge=x", number 2 of the list: surge wants a count or a percent, got "x"'],
    ['surge=101%', '--policy: "surge=101%", number 1 of the list: surge wants a count or a percent, got "101%"'],
    ['surge=0', '--policy: without a surge, max-unavailable must be above 0'],
    [
      'canary-watch=10',
      '--policy: "canary-watch=10", number 1 of the list: canary-watch wants a duration like 90s, 10m or 1h, got "10"',
    ],
    [
      'timeout=0s',
      '--policy: "timeout=0s", number 1 of the list: timeout wants a duration like 90s, 10m or 1h, got "0s"',
    ],
    [
      'pause-at=0',
      '--policy: "pause-at=0", number 1 of the list: pause-at wants counts or percents, with commas between them, got "0"',
    ],
    ['surge=1,25%', '--policy: "25%", number 2 of the list: no part of a policy is called "25%"'],
    ['force=no', '--policy: "force=no", number 1 of the list: force wants nothing, or true or false, got "no"'],
  ]
  for (const [text, message] of table) t.throws(() => parsePolicy(text, 200), { kind: 'usage', message }, text)
  t.throws(() => parsePolicy('x', 1), { message: /./, hint: /names: surge .*, timeout / })
  t.end()
})
