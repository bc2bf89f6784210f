import t from 'tap'
import { type CheckSettings, defaultSettings } from '../options/settings.ts'
import type { ProbeFacts } from '../probe/facts.ts'
import { describeFailure } from '../probe/failure.ts'
import { judgeOffset } from './clock-verdict.ts'
import { exitCodes, type Verdict, worstVerdict } from './report.ts'
import { judge, judgeTarget } from './verdict.ts'

/** Samples of a clock that is off by this much, known to ± 1 ms. */
function samples(offsetMs: number, count = 2): ProbeFacts['samples'] {
  const reading = { timeMs: 1_000_000 + offsetMs, resolutionMs: 1 }
  return Array.from({ length: count }, () => ({ sentMs: 1_000_000, receivedMs: 1_000_001, reading }))
}

const healthy: ProbeFacts = {
  url: 'http://a.example',
  address: '192.0.2.1',
  status: 200,
  latencyMs: 3.14,
  samples: samples(0),
  format: 'iso8601',
  versionFound: '1.4.0',
  ownClockStepMs: 0,
}

const table: [string, Partial<ProbeFacts>, Partial<CheckSettings>, Verdict, string[]][] = [
  ['all ok', {}, {}, 'ok', []],
  ['right version', {}, { expectVersion: '1.4.0' }, 'ok', []],
  ['one of two right versions', {}, { expectVersion: ['1.3.0', '1.4.0'] }, 'ok', []],
  [
    'neither of two versions',
    { versionFound: '1.2.0' },
    { expectVersion: ['1.3.0', '1.4.0'] },
    'critical',
    ['version 1.2.0, expected 1.3.0 or 1.4.0'],
  ],
  ['wrong version', {}, { expectVersion: '1.4.1' }, 'critical', ['version 1.4.0, expected 1.4.1']],
  [
    'no version, none expected',
    { versionFailure: { reason: 'GET /version.txt: HTTP 404', cause: 'service' } },
    {},
    'ok',
    [],
  ],
  [
    'no version, one expected',
    { versionFailure: { reason: 'GET /version.txt: HTTP 404', cause: 'service' } },
    { expectVersion: '1.4.0' },
    'critical',
    ['GET /version.txt: HTTP 404'],
  ],
  [
    'clock beyond the limit',
    { samples: samples(1500) },
    {},
    'critical',
    ['the clock is 1500 ms ahead (± 1 ms), more than 1000 ms'],
  ],
  [
    'clock behind',
    { samples: samples(-3_600_000) },
    {},
    'critical',
    ['the clock is 60 min behind (± 1 ms), more than 1000 ms'],
  ],
  [
    'clock not proven',
    { samples: samples(1000) },
    {},
    'unknown',
    ['the clock is 1000 ms ahead (± 1 ms), not proven to be within 1000 ms'],
  ],
  ['exactly the limit', { samples: samples(999) }, {}, 'ok', []],
  [
    'own clock stepped',
    { ownClockStepMs: -60_000 },
    {},
    'unknown',
    ["the checker's own clock was stepped by -60 s during the check"],
  ],
  [
    'two clocks, one wrong',
    { samples: [...samples(0), ...samples(9000)] },
    {},
    'critical',
    [
      'the clock is 9000 ms ahead (± 1 ms), more than 1000 ms',
      'the answers contradict each other: 2 clocks, or one that was stepped: 0 ms ahead (± 1 ms), 9000 ms ahead (± 1 ms)',
    ],
  ],
  [
    'two clocks, both right',
    { samples: [...samples(-600), ...samples(600)] },
    {},
    'ok',
    [
      'the answers contradict each other: 2 clocks, or one that was stepped: 600 ms behind (± 1 ms), 600 ms ahead (± 1 ms)',
    ],
  ],
  [
    'slow',
    { latencyMs: 51 },
    { warningLatencyMs: 50, criticalLatencyMs: 100 },
    'warning',
    ['answers take 51 ms, more than 50 ms'],
  ],
  [
    'too slow',
    { latencyMs: 101 },
    { warningLatencyMs: 50, criticalLatencyMs: 100 },
    'critical',
    ['answers take 101 ms, more than 100 ms'],
  ],
  ['exactly slow', { latencyMs: 50 }, { warningLatencyMs: 50 }, 'ok', []],
  [
    'certificate expires soon',
    { certificate: { endsMs: 0, daysLeft: 6 } },
    {},
    'warning',
    ['the certificate expires in 6 days'],
  ],
  [
    'certificate expires very soon',
    { certificate: { endsMs: 0, daysLeft: 2 } },
    { criticalCertificateDays: 3 },
    'critical',
    ['the certificate expires in 2 days'],
  ],
  [
    'critical limit above the warning limit',
    { certificate: { endsMs: 0, daysLeft: 13 } },
    { criticalCertificateDays: 14 },
    'critical',
    ['the certificate expires in 13 days'],
  ],
  [
    'exactly at the critical limit',
    { certificate: { endsMs: 0, daysLeft: 3 } },
    { criticalCertificateDays: 3 },
    'warning',
    ['the certificate expires in 3 days'],
  ],
  ['certificate lasts long enough', { certificate: { endsMs: 0, daysLeft: 7 } }, {}, 'ok', []],
  ['assumption noted', { note: 'taken as UTC' }, {}, 'ok', ['taken as UTC']],
  [
    'the worst reason first',
    { certificate: { endsMs: 0, daysLeft: 1 }, samples: samples(1000), note: 'taken as UTC' },
    { expectVersion: '2' },
    'critical',
    [
      'version 1.4.0, expected 2',
      'the clock is 1000 ms ahead (± 1 ms), not proven to be within 1000 ms',
      'the certificate expires in 1 day',
      'taken as UTC',
    ],
  ],
]

for (const [name, facts, settings, verdict, reasons] of table) {
  t.test(name, (t) => {
    const report = judgeTarget({ ...healthy, ...facts }, { ...defaultSettings, ...settings })
    t.equal(report.verdict, verdict)
    t.same(report.reasons, reasons)
    t.end()
  })
}

t.test('the report of a target has only the fields that apply', (t) => {
  t.strictSame(judgeTarget(healthy, { ...defaultSettings, expectVersion: '1.4.0' }), {
    url: 'http://a.example',
    address: '192.0.2.1',
    verdict: 'ok',
    reasons: [],
    status: 200,
    latencyMs: 3.1,
    version: { found: '1.4.0', expected: '1.4.0' },
    clock: { offsetMs: 0, errorMs: 1, limitMs: 1000, format: 'iso8601', samples: 2, clocks: 1 },
  })
  const timeFailure = { reason: 'GET /now: connection refused', cause: 'service' } as const
  const facts = { url: 'http://a.example', samples: [], ownClockStepMs: 0, timeFailure }
  t.strictSame(judgeTarget(facts, { ...defaultSettings, expectVersion: '1.4.0' }), {
    url: 'http://a.example',
    verdict: 'critical',
    reasons: ['GET /now: connection refused'],
    version: { expected: '1.4.0' },
  })
  t.end()
})

t.test('a clock is ok, critical or unknown; exactly the limit passes', (t) => {
  const rows: [number, number, string][] = [
    [0, 0, 'ok'],
    [999.9, 0.1, 'ok'],
    [-999.9, 0.1, 'ok'],
    [1000, 0, 'ok'],
    [1000, 0.1, 'unknown'],
    [1000.1, 0.1, 'unknown'],
    [1000.2, 0.1, 'critical'],
    [-1000.2, 0.1, 'critical'],
    [0, 1000.1, 'unknown'],
  ]
  for (const [offsetMs, errorMs, verdict] of rows) {
    t.equal(judgeOffset({ offsetMs, errorMs }, { maxOffsetMs: 1000 }), verdict, `${offsetMs} ± ${errorMs}`)
  }
  t.end()
})

t.test('the cause of a failure decides between critical and unknown', (t) => {
  const told = (code: string) => Object.assign(new Error(code), { code })
  t.equal(
    describeFailure(new AggregateError([told('ENETUNREACH'), told('ECONNREFUSED')], 'none took it')).cause,
    'service',
    'one of several addresses has answered',
  )
  const fail = (code: string) => describeFailure(Object.assign(new Error(code), { code }))
  const cause = (code: string) => fail(code).cause
  for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'CERT_HAS_EXPIRED']) t.equal(cause(code), 'service')
  for (const code of ['EAI_AGAIN', 'ENETUNREACH', 'EMFILE', 'EADDRNOTAVAIL']) t.equal(cause(code), 'checker')
  t.equal(fail('CERT_HAS_EXPIRED').reason, 'the certificate is not trusted: CERT_HAS_EXPIRED')
  t.end()
})

t.test('a run is as bad as its worst target: critical, unknown, warning, ok', (t) => {
  t.equal(worstVerdict(['ok', 'warning']), 'warning')
  t.equal(worstVerdict(['warning', 'unknown', 'ok']), 'unknown')
  t.equal(worstVerdict(['unknown', 'critical', 'warning']), 'critical')
  t.same(exitCodes, { ok: 0, warning: 1, critical: 2, unknown: 3 })
  const report = judge([healthy, { ...healthy, address: '192.0.2.2', samples: samples(5000) }], defaultSettings)
  t.equal(report.ok, false)
  t.equal(report.verdict, 'critical')
  t.equal(
    report.summary,
    '1 of 2 targets critical: http://a.example (192.0.2.2): the clock is 5000 ms ahead (± 1 ms), more than 1000 ms',
  )
  t.equal(
    judge([healthy], defaultSettings).summary,
    'http://a.example (192.0.2.1) ok: version 1.4.0, clock +0 ms ± 1 ms, answers in 3.1 ms',
  )
  t.match(judge([], defaultSettings), { ok: false, verdict: 'unknown', summary: 'nothing was checked' })
  t.end()
})

t.test("corrects for the checker's own clock and adds its error to the bound", (t) => {
  const own = { state: 'trusted', offsetMs: -700.04, errorMs: 20.3, source: 'chronyc' } as const
  const facts = { ...healthy, samples: samples(1500) }
  const report = judge([facts], defaultSettings, own)
  t.match(report, {
    verdict: 'ok',
    ownClock: { offsetMs: -700.04, errorMs: 20.3, source: 'chronyc' },
    targets: [{ clock: { offsetMs: 800, errorMs: 21.4 } }],
  })
  t.equal(judge([facts], { ...defaultSettings, maxOffsetMs: 821 }, own).verdict, 'unknown', '800 + 21.4 > 821')
  t.equal(judge([facts], { ...defaultSettings, maxOffsetMs: 821.4 }, own).verdict, 'ok', 'exactly at the limit')
  t.equal(judge([facts], { ...defaultSettings, maxOffsetMs: 770 }, own).verdict, 'critical')
  t.notOk('ownClock' in judge([facts], defaultSettings))
  t.end()
})

t.test('with an untrusted own clock, clocks are unknown and the rest is still judged', (t) => {
  const own = { state: 'unknown', reason: 'chrony is not synchronised' } as const
  const reason = "the checker's own clock cannot be trusted: chrony is not synchronised"
  const wrong = { ...healthy, samples: samples(3_600_000) }
  const report = judge([wrong], defaultSettings, own)
  t.match(report, {
    verdict: 'unknown',
    ownClock: { reason: own.reason },
    targets: [{ reasons: [reason], status: 200 }],
  })
  t.notOk('clock' in (report.targets[0] ?? {}), 'an unproven clock is left out')
  t.match(judge([wrong], { ...defaultSettings, expectVersion: '1.5.0' }, own), {
    verdict: 'critical',
    targets: [{ reasons: ['version 1.4.0, expected 1.5.0', reason] }],
  })
  const dead: ProbeFacts = { ...healthy, samples: [], timeFailure: { reason: 'GET /now: HTTP 502', cause: 'service' } }
  t.same(judge([dead], defaultSettings, own).targets[0]?.reasons, ['GET /now: HTTP 502'])
  t.end()
})

t.test("an own clock that is hours off does not wrap the service's time of day", (t) => {
  const halfDayMs = 43_200_000
  const reading = { timeMs: halfDayMs + 3_600_000, resolutionMs: 1, periodMs: 86_400_000 }
  const facts = { ...healthy, samples: [{ sentMs: 3_600_000 * 2, receivedMs: 3_600_000 * 2 + 1, reading }] }
  const own = { state: 'trusted', offsetMs: -(halfDayMs - 3_600_000), errorMs: 1, source: 'ntp' } as const
  t.match(judge([facts], defaultSettings, own), { verdict: 'ok', targets: [{ clock: { offsetMs: 0 } }] })
  t.end()
})
