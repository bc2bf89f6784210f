import t from 'tap'
import type { TargetReport, Verdict } from '../verdict/report.ts'
import { rememberedMs } from './absent-targets.ts'
import { nextAlarms } from './next-alarms.ts'
import { type AlarmState, freshState, type Notice } from './state.ts'
import { isState } from './state-shape.ts'
import type { AlarmPolicy } from './track.ts'

const minuteMs = 60_000
const startMs = Date.UTC(2026, 0, 1)
const policy: AlarmPolicy = { failures: 3, successes: 2, remindMs: 0 }

interface Step {
  readonly verdict: Verdict | undefined
  readonly isHeld: boolean
}

const steps: Record<string, Step> = {
  o: { verdict: 'ok', isHeld: false },
  w: { verdict: 'warning', isHeld: false },
  c: { verdict: 'critical', isHeld: false },
  u: { verdict: 'unknown', isHeld: false },
  O: { verdict: 'ok', isHeld: true },
  C: { verdict: 'critical', isHeld: true },
  '.': { verdict: undefined, isHeld: false },
}

function targetOf(verdict: Verdict, target: Partial<TargetReport> = {}): TargetReport {
  return {
    url: 'http://a',
    address: '10.0.0.1',
    verdict,
    reasons: verdict === 'ok' ? [] : [`${verdict} it is`],
    ...target,
  }
}

/** Plays one check a minute, a letter each, and returns which notices came at which of them. */
function play(letters: string, changes: Partial<AlarmPolicy> = {}) {
  let state: AlarmState = freshState
  const notices: (Notice & { step: number })[] = []
  for (const [step, letter] of [...letters].entries()) {
    const { verdict, isHeld } = steps[letter] as Step
    const targets = verdict === undefined ? [] : [targetOf(verdict)]
    const next = nextAlarms(state, { targets }, { ...policy, ...changes }, startMs + step * minuteMs, isHeld)
    state = next.state
    notices.push(...next.notices.map((notice) => ({ ...notice, step })))
  }
  return { state, notices, told: notices.map(({ step, kind, verdict }) => `${step} ${kind} ${verdict}`) }
}

const table: readonly [string, string, readonly string[], Partial<AlarmPolicy>?][] = [
  ['one failure below the threshold is no alarm', 'occocco', []],
  ['alarms once, on the failure that reaches the threshold', 'occcccccc', ['3 alarm critical']],
  ['warnings count as failures', 'wwc', ['2 alarm critical']],
  ['a threshold of one', 'oc', ['1 alarm critical'], { failures: 1 }],
  ['one success below the threshold is no recovery', 'cccocococ', ['2 alarm critical']],
  ['recovers on the success that reaches the threshold', 'cccooo', ['2 alarm critical', '4 recovered ok']],
  ['starts counting again after a recovery', 'cccooccc', ['2 alarm critical', '4 recovered ok', '7 alarm critical']],
  ['a success without an alarm is not reported', 'ccooooo', []],
  ['unknown neither counts nor interrupts a run of failures', 'cucuc', ['4 alarm critical']],
  ['unknown does not interrupt a run of successes', 'cccouo', ['2 alarm critical', '5 recovered ok']],
  ['unknown in a row is an alarm and recovers', 'uuuuco', ['2 alarm unknown', '5 recovered ok']],
  ['reports a worse verdict at once', 'wwwwc', ['2 alarm warning', '4 changed critical']],
  ['reports a milder verdict after as many checks as a recovery', 'cccww', ['2 alarm critical', '4 changed warning']],
  ['reports a flapping verdict once each way', 'wwwcwcwcwcwc', ['2 alarm warning', '3 changed critical']],
  [
    'reminds exactly when a reminder is due',
    'ccccccc',
    ['2 alarm critical', '4 reminder critical', '6 reminder critical'],
    { remindMs: 2 * minuteMs },
  ],
  [
    'a change restarts the wait for a reminder',
    'wwwcccc',
    ['2 alarm warning', '3 changed critical', '5 reminder critical'],
    { remindMs: 2 * minuteMs },
  ],
  [
    'does not remind while recovering',
    'cccococo',
    ['2 alarm critical', '6 reminder critical'],
    { remindMs: 3 * minuteMs },
  ],
  [
    'an outage continues while the target cannot be seen',
    'cccuu',
    ['2 alarm critical', '4 reminder critical'],
    { remindMs: 2 * minuteMs },
  ],
  ['holds alarms back in maintenance, reports what still fails afterwards', 'oCCCCCc', ['6 alarm critical']],
  ['reports nothing when it recovered during maintenance', 'oCCCCCo', []],
  [
    'reminds after maintenance of an outage from before it',
    'cccCCCCc',
    ['2 alarm critical', '7 reminder critical'],
    { remindMs: 2 * minuteMs },
  ],
  ['reports a recovery during maintenance', 'cccOO', ['2 alarm critical', '4 recovered ok']],
  ['alarms at three bad of the last five', 'ococ.oc', ['6 alarm critical'], { failures: 3, window: 5 }],
  ['two bad of the last five are no alarm', 'occooocco', [], { failures: 3, window: 5 }],
  [
    'with a window, recovers when fewer than half as many are bad',
    'cocoocoooooo',
    ['2 alarm critical', '9 recovered ok'],
    { failures: 2, window: 4 },
  ],
  [
    'a window as large as the threshold means all in a row',
    'ccocccc',
    ['5 alarm critical'],
    { failures: 3, window: 3 },
  ],
  ['unknown does not count in a window', 'cuucuuc', ['6 alarm critical'], { failures: 3, window: 3 }],
  [
    'reminds of a flapping target with the reported verdict',
    'cocococo',
    ['2 alarm critical', '5 reminder critical'],
    { failures: 2, window: 4, remindMs: 3 * minuteMs },
  ],
  ['remembers a target that is absent for a while', 'cc..c', ['4 alarm critical']],
]

t.test('which notices follow which checks', (t) => {
  for (const [name, letters, expected, changes] of table) t.same(play(letters, changes).told, expected, name)
  t.end()
})

t.test('a notice holds all that is known of the outage', (t) => {
  const { notices } = play('oCCCCcwwoo')
  const [alarm, changed, recovered] = notices
  t.match(alarm, {
    kind: 'alarm',
    target: 'http://a (10.0.0.1)',
    url: 'http://a',
    address: '10.0.0.1',
    verdict: 'critical',
    previousVerdict: undefined,
    reasons: ['critical it is'],
    since: '2026-01-01T00:01:00.000Z',
    at: '2026-01-01T00:05:00.000Z',
    times: 5,
    heldBack: 2,
  })
  t.match(changed, { kind: 'changed', previousVerdict: 'critical', times: 2, heldBack: undefined })
  t.match(recovered, { kind: 'recovered', previousVerdict: 'warning', times: 2, since: alarm?.since })
  t.equal(new Set(notices.map(({ id }) => id)).size, 3)
  t.equal(new Set(notices.map(({ outage }) => outage)).size, 1)
  t.same(play('oCCCCcwwoo').notices, notices, 'deciding again gives the same ids')
  t.end()
})

t.test('counts the notices held back', (t) => {
  const { state } = play('cc')
  const held = nextAlarms(state, { targets: [targetOf('critical')] }, policy, startMs + 9 * minuteMs, true)
  t.same([held.notices.length, held.heldBack], [0, 1])
  t.end()
})

t.test('forgets a target a day after its last check, with a notice if it had an alarm', (t) => {
  const { state } = play('ccc')
  const lastMs = startMs + 2 * minuteMs
  const at = (ms: number) => nextAlarms(state, { targets: [] }, policy, lastMs + ms)
  t.equal(Object.keys(at(rememberedMs - 1).state.targets).length, 1)
  t.same(at(rememberedMs).state.targets, {})
  t.match(at(rememberedMs).notices, [{ kind: 'gone', verdict: 'critical', outage: play('ccc').notices[0]?.outage }])
  t.same(nextAlarms(play('cc').state, { targets: [] }, policy, lastMs + rememberedMs).notices, [])
  t.end()
})

t.test('a failed look-up recovers when the name has healthy addresses again', (t) => {
  const nameless: TargetReport = { url: 'http://a', verdict: 'critical', reasons: ['the host name does not exist'] }
  let state = freshState
  const told: string[] = []
  const reports = [[nameless], [nameless], [nameless], [targetOf('ok')], [targetOf('ok')], [targetOf('ok')]]
  for (const [step, targets] of reports.entries()) {
    const next = nextAlarms(state, { targets }, policy, startMs + step * minuteMs)
    told.push(...next.notices.map(({ kind, target }) => `${step} ${kind} ${target}`))
    state = next.state
  }
  t.same(told, ['2 alarm http://a', '4 recovered http://a'])
  const known = nextAlarms(freshState, { targets: [targetOf('ok')] }, policy, startMs).state
  const unseen = nextAlarms(known, { targets: [nameless] }, policy, startMs + 2 * rememberedMs).state
  t.ok(unseen.targets['http://a 10.0.0.1'], 'an address is kept while its name cannot be found')
  t.end()
})

t.test('counts each target separately', (t) => {
  const other = { url: 'http://b', address: '10.0.0.2' }
  const check = (state: AlarmState) =>
    nextAlarms(state, { targets: [targetOf('ok'), targetOf('critical', other)] }, { ...policy, failures: 2 }, startMs)
  t.match(check(check(freshState).state).notices, [{ url: 'http://b', times: 2 }])
  t.end()
})

t.test('removes line breaks and control characters from a reason', (t) => {
  const reasons = ['version 1\r\nBcc: x@y\u001b[31m\u2028\u202ez', 'x'.repeat(600)]
  const { notices } = nextAlarms(
    freshState,
    { targets: [targetOf('critical', { reasons })] },
    { ...policy, failures: 1 },
    0,
  )
  t.equal(notices[0]?.reasons[0], 'version 1 Bcc: x@y [31m z')
  t.equal(notices[0]?.reasons[1]?.length, 500)
  t.end()
})

/** Plays reports, one a minute: the verdict of each address of http://svc. */
function playName(reports: readonly Readonly<Record<string, Verdict>>[], before: AlarmState = freshState) {
  let state = before
  const told: string[] = []
  const outages = new Set<string>()
  for (const [step, report] of reports.entries()) {
    const targets = Object.entries(report).map(([address, verdict]) =>
      targetOf(verdict, { url: 'http://svc', address }),
    )
    const next = nextAlarms(state, { targets }, policy, startMs + step * minuteMs)
    state = JSON.parse(JSON.stringify(next.state))
    told.push(...next.notices.map(({ kind, target, verdict }) => `${step} ${kind} ${target} ${verdict}`))
    for (const { outage } of next.notices) outages.add(outage)
  }
  return { told, state, outages: outages.size }
}

t.test('a name whose address changes with each check alarms as a name', (t) => {
  const turns = (count: number, verdict: Verdict, from = 0) =>
    Array.from({ length: count }, (_, step) => ({ [`10.0.0.${(step + from) % 8}`]: verdict }))
  const { told, outages } = playName([...turns(20, 'critical'), ...turns(10, 'ok', 20)])
  t.same(told, ['2 alarm http://svc critical', '21 recovered http://svc ok'], 'and covers its addresses')
  t.equal(outages, 1)
  t.same(playName(turns(5, 'unknown')).told, ['2 alarm http://svc unknown'])
  const mixed = turns(24, 'ok').map((report, step) => (step % 8 === 3 ? { '10.0.0.3': 'critical' as const } : report))
  t.same(playName(mixed).told, ['19 alarm http://svc (10.0.0.3) critical'], 'one bad address of many')
  t.end()
})

t.test('an alarm ends when the name resolves to healthy addresses only', (t) => {
  const [old, young] = ['10.0.0.9', '10.0.0.1']
  const down = Array.from({ length: 3 }, () => ({ [old]: 'critical' as const }))
  const well = Array.from({ length: 4 }, () => ({ [young]: 'ok' as const }))
  const { told, outages } = playName([...down, ...well])
  t.same(told, [`2 alarm http://svc (${old}) critical`, `4 recovered http://svc (${old}) ok`])
  t.equal(outages, 1)
  t.same(playName([...down, ...well.map(() => ({ [young]: 'critical' as const }))]).told, [
    `2 alarm http://svc (${old}) critical`,
    `5 alarm http://svc (${young}) critical`,
  ])
  const turns = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap(() => [{ [old]: 'critical' as const }, ...well.slice(0, 3)])
  t.same(
    playName(turns).told,
    [`8 alarm http://svc (${old}) critical`],
    'an address that is absent for a turn is not gone',
  )
  t.end()
})

t.test('alarms for the bad addresses of a name, not for the name as well', (t) => {
  const both = (verdict: Verdict) => ({ '10.0.0.1': verdict, '10.0.0.2': verdict })
  const bad = Array.from({ length: 5 }, () => both('critical'))
  t.same(playName([...bad, both('ok'), both('ok')]).told, [
    '2 alarm http://svc (10.0.0.1) critical',
    '2 alarm http://svc (10.0.0.2) critical',
    '6 recovered http://svc (10.0.0.1) ok',
    '6 recovered http://svc (10.0.0.2) ok',
  ])
  t.end()
})

t.test('reads the state of an older version, without names', (t) => {
  const old = JSON.parse(
    `{"targets":{"http://svc 10.0.0.9":{"url":"http://svc","address":"10.0.0.9","seenMs":${startMs - minuteMs},
    "outage":{"bad":3,"good":0,"milder":0,"heldBack":0,"sinceMs":1,"alarm":{"id":"a","verdict":"critical","told":1,"toldMs":1}},
    "blindness":{"bad":0,"good":3,"milder":0,"heldBack":0}}},"outbox":[]}`,
  )
  t.ok(isState(old))
  const well = Array.from({ length: 3 }, () => ({ '10.0.0.1': 'ok' as const }))
  t.same(playName(well, old).told, ['1 recovered http://svc (10.0.0.9) ok'])
  t.end()
})
