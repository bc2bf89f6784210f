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

/** Plays one check a minute, each a letter, and says at which of them what was told. */
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
  ['one failure fewer than the limit is no alarm', 'occocco', []],
  ['the last of the failures is the alarm, and only that', 'occcccccc', ['3 alarm critical']],
  ['warnings count as failures', 'wwc', ['2 alarm critical']],
  ['a limit of one', 'oc', ['1 alarm critical'], { failures: 1 }],
  ['one success fewer than needed is no recovery', 'cccocococ', ['2 alarm critical']],
  ['the last of the successes is the recovery', 'cccooo', ['2 alarm critical', '4 recovered ok']],
  ['after a recovery everything begins anew', 'cccooccc', ['2 alarm critical', '4 recovered ok', '7 alarm critical']],
  ['a success without an alarm is nothing to tell', 'ccooooo', []],
  ['unknown counts towards neither, and interrupts neither', 'cucuc', ['4 alarm critical']],
  ['nor a recovery', 'cccouo', ['2 alarm critical', '5 recovered ok']],
  ['unknown in a row is told as such, and so is its end', 'uuuuco', ['2 alarm unknown', '5 recovered ok']],
  ['what gets worse is told at once', 'wwwwc', ['2 alarm warning', '4 changed critical']],
  ['what gets milder after as many checks as a recovery', 'cccww', ['2 alarm critical', '4 changed warning']],
  ['a verdict that flaps is told twice', 'wwwcwcwcwcwc', ['2 alarm warning', '3 changed critical']],
  [
    'reminders come when it is time exactly',
    'ccccccc',
    ['2 alarm critical', '4 reminder critical', '6 reminder critical'],
    { remindMs: 2 * minuteMs },
  ],
  [
    'a change begins the wait for a reminder anew',
    'wwwcccc',
    ['2 alarm warning', '3 changed critical', '5 reminder critical'],
    { remindMs: 2 * minuteMs },
  ],
  [
    'while it recovers nobody is reminded',
    'cccococo',
    ['2 alarm critical', '6 reminder critical'],
    { remindMs: 3 * minuteMs },
  ],
  [
    'an outage goes on while it cannot be seen',
    'cccuu',
    ['2 alarm critical', '4 reminder critical'],
    { remindMs: 2 * minuteMs },
  ],
  ['in maintenance nothing is told, after it what still fails', 'oCCCCCc', ['6 alarm critical']],
  ['nothing when it is well by then', 'oCCCCCo', []],
  [
    'what began before is reminded of after it',
    'cccCCCCc',
    ['2 alarm critical', '7 reminder critical'],
    { remindMs: 2 * minuteMs },
  ],
  ['a recovery is told in maintenance, too', 'cccOO', ['2 alarm critical', '4 recovered ok']],
  ['three of the last five', 'ococ.oc', ['6 alarm critical'], { failures: 3, window: 5 }],
  ['two of the last five are not', 'occooocco', [], { failures: 3, window: 5 }],
  [
    'a share is over when less than half as many were bad',
    'cocoocoooooo',
    ['2 alarm critical', '9 recovered ok'],
    { failures: 2, window: 4 },
  ],
  ['a share of all is a row', 'ccocccc', ['5 alarm critical'], { failures: 3, window: 3 }],
  ['unknown has no part in a share', 'cuucuuc', ['6 alarm critical'], { failures: 3, window: 3 }],
  [
    'what flaps is reminded of as it was told',
    'cocococo',
    ['2 alarm critical', '5 reminder critical'],
    { failures: 2, window: 4, remindMs: 3 * minuteMs },
  ],
  ['a target that is away for a while is remembered', 'cc..c', ['4 alarm critical']],
]

t.test('what is told after which checks', (t) => {
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
  t.same(play('oCCCCcwwoo').notices, notices, 'decided again, it has the same ids')
  t.end()
})

t.test('what is held back is counted', (t) => {
  const { state } = play('cc')
  const held = nextAlarms(state, { targets: [targetOf('critical')] }, policy, startMs + 9 * minuteMs, true)
  t.same([held.notices.length, held.heldBack], [0, 1])
  t.end()
})

t.test('targets that are no longer checked are forgotten after a day, an alarm of theirs with a word', (t) => {
  const { state } = play('ccc')
  const lastMs = startMs + 2 * minuteMs
  const at = (ms: number) => nextAlarms(state, { targets: [] }, policy, lastMs + ms)
  t.equal(Object.keys(at(rememberedMs - 1).state.targets).length, 1)
  t.same(at(rememberedMs).state.targets, {})
  t.match(at(rememberedMs).notices, [{ kind: 'gone', verdict: 'critical', outage: play('ccc').notices[0]?.outage }])
  t.same(nextAlarms(play('cc').state, { targets: [] }, policy, lastMs + rememberedMs).notices, [])
  t.end()
})

t.test('a name that could not be looked up is well when it has addresses again', (t) => {
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
  t.ok(unseen.targets['http://a 10.0.0.1'], 'an address is not forgotten because its name is not found')
  t.end()
})

t.test('each target by itself', (t) => {
  const other = { url: 'http://b', address: '10.0.0.2' }
  const check = (state: AlarmState) =>
    nextAlarms(state, { targets: [targetOf('ok'), targetOf('critical', other)] }, { ...policy, failures: 2 }, startMs)
  t.match(check(check(freshState).state).notices, [{ url: 'http://b', times: 2 }])
  t.end()
})

t.test('what a service says can break no line', (t) => {
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

/** Plays reports, one a minute: of each address of http://svc its verdict. */
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

t.test('a name whose address is another in each check is in alarm by itself', (t) => {
  const turns = (count: number, verdict: Verdict, from = 0) =>
    Array.from({ length: count }, (_, step) => ({ [`10.0.0.${(step + from) % 8}`]: verdict }))
  const { told, outages } = playName([...turns(20, 'critical'), ...turns(10, 'ok', 20)])
  t.same(told, ['2 alarm http://svc critical', '21 recovered http://svc ok'], 'and its addresses are part of it')
  t.equal(outages, 1)
  t.same(playName(turns(5, 'unknown')).told, ['2 alarm http://svc unknown'])
  const mixed = turns(24, 'ok').map((report, step) => (step % 8 === 3 ? { '10.0.0.3': 'critical' as const } : report))
  t.same(playName(mixed).told, ['19 alarm http://svc (10.0.0.3) critical'], 'one bad address of many')
  t.end()
})

t.test('an alarm ends when the name leads elsewhere, to what is well', (t) => {
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
  t.same(playName(turns).told, [`8 alarm http://svc (${old}) critical`], 'one whose turn it is not has not gone')
  t.end()
})

t.test('a name with bad addresses alone is told by them, and by itself only where they cannot', (t) => {
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

t.test('the state of an older version, without names, goes on', (t) => {
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
