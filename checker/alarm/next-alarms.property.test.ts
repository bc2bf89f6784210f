import fc from 'fast-check'
import t from 'tap'
import type { Verdict } from '../verdict/report.ts'
import { nextAlarms } from './next-alarms.ts'
import { type AlarmState, freshState, type Notice } from './state.ts'
import { isState } from './state-shape.ts'
import type { AlarmPolicy } from './track.ts'

interface Check {
  readonly verdict: Verdict
  readonly waitMs: number
  readonly isHeld: boolean
}

const check = fc.record<Check>({
  verdict: fc.constantFrom<Verdict>('ok', 'ok', 'warning', 'critical', 'critical', 'unknown'),
  waitMs: fc.integer({ min: 1, max: 3_600_000 }),
  isHeld: fc.constantFrom(false, false, false, true),
})
const policy = fc.record({
  failures: fc.integer({ min: 1, max: 5 }),
  successes: fc.integer({ min: 1, max: 4 }),
  remindMs: fc.constantFrom(0, 1_800_000, 7_200_000),
})

interface Played {
  readonly check: Check
  readonly atMs: number
  readonly notices: readonly Notice[]
}

/** Plays the checks; the state goes through JSON each time, as it does between runs. */
function play(checks: readonly Check[], rules: AlarmPolicy): Played[] {
  let state: AlarmState = freshState
  let atMs = 0
  return checks.map((one) => {
    atMs += one.waitMs
    const targets = [{ url: 'http://a', address: '10.0.0.1', verdict: one.verdict, reasons: [] }]
    const next = nextAlarms(state, { targets }, rules, atMs, one.isHeld)
    state = JSON.parse(JSON.stringify(next.state))
    if (!isState(state)) throw new Error(`no state: ${JSON.stringify(state)}`)
    return { check: one, atMs, notices: next.notices }
  })
}

/** Notices of outages only, without those of targets that could not be judged. */
function ofOutages(played: readonly Played[]) {
  const isBlind = new Set<string>()
  for (const { notices } of played)
    for (const one of notices) if (one.kind === 'alarm' && one.verdict === 'unknown') isBlind.add(one.outage)
  return played.map((one) => ({ ...one, notices: one.notices.filter(({ outage }) => !isBlind.has(outage)) }))
}

/** How many of the latest checks in a row satisfy the test; unknown ones are left out. */
function inARow(played: readonly Played[], test: (verdict: Verdict) => boolean): number {
  const known = played.map(({ check }) => check.verdict).filter((verdict) => verdict !== 'unknown')
  const last = known.findLastIndex((verdict) => !test(verdict))
  return known.length - 1 - last
}

t.test('one alarm per outage, no early reminder, a recovery only after an alarm', (t) => {
  fc.assert(
    fc.property(fc.array(check, { maxLength: 60 }), policy, (checks, rules) => {
      const played = ofOutages(play(checks, rules))
      let open: { outage: string; verdict: Verdict; toldMs: number } | undefined
      for (const { notices, atMs } of played) {
        for (const { kind, outage, verdict } of notices) {
          if (kind === 'alarm') {
            if (open !== undefined) throw new Error('two alarms for one outage')
          } else if (open?.outage !== outage) throw new Error(`${kind} of an outage that nobody was told of`)
          if (kind === 'changed' && verdict === open?.verdict) throw new Error('a change to the same')
          if (kind === 'reminder' && (rules.remindMs === 0 || atMs - (open?.toldMs ?? 0) < rules.remindMs)) {
            throw new Error('a reminder too soon')
          }
          open = kind === 'recovered' ? undefined : { outage, verdict, toldMs: atMs }
        }
      }
    }),
    { numRuns: 3000 },
  )
  t.pass()
  t.end()
})

t.test('an alarm and a recovery come exactly at their thresholds', (t) => {
  fc.assert(
    fc.property(fc.array(check, { maxLength: 60 }), policy, (checks, rules) => {
      const played = ofOutages(play(checks, rules))
      let isOpen = false
      for (const [index, { check: found, notices }] of played.entries()) {
        const soFar = played.slice(0, index + 1)
        const bad = inARow(soFar, (verdict) => verdict !== 'ok')
        const good = inARow(soFar, (verdict) => verdict === 'ok')
        const isBad = found.verdict === 'warning' || found.verdict === 'critical'
        const mustAlarm: boolean = !isOpen && isBad && bad >= rules.failures && !found.isHeld
        const mustRecover: boolean = isOpen && found.verdict === 'ok' && good >= rules.successes
        const told = notices.map(({ kind }) => kind)
        if (told.includes('alarm') !== mustAlarm) throw new Error(`check ${index}: ${bad} bad in a row: ${told}`)
        if (told.includes('recovered') !== mustRecover)
          throw new Error(`check ${index}: ${good} good in a row: ${told}`)
        if (found.isHeld && told.some((kind) => kind !== 'recovered')) throw new Error(`check ${index}: told ${told}`)
        isOpen = mustAlarm || (isOpen && !mustRecover)
      }
    }),
    { numRuns: 3000 },
  )
  t.pass()
  t.end()
})

t.test('with a window, alarms at so many bad checks and recovers below half of that', (t) => {
  const share = fc.integer({ min: 1, max: 6 }).chain((failures) =>
    fc.record({
      failures: fc.constant(failures),
      window: fc.integer({ min: failures, max: 12 }),
      successes: fc.integer({ min: 1, max: 3 }),
      remindMs: fc.constant(0),
    }),
  )
  fc.assert(
    fc.property(fc.array(check, { maxLength: 80 }), share, (checks, rules) => {
      const played = ofOutages(play(checks, rules))
      let isOpen = false
      for (const [index, { check: found, notices }] of played.entries()) {
        const soFar = played.slice(0, index + 1)
        const known = soFar.map(({ check: { verdict } }) => verdict).filter((verdict) => verdict !== 'unknown')
        const bad = known.slice(-rules.window).filter((verdict) => verdict !== 'ok').length
        const good = inARow(soFar, (verdict) => verdict === 'ok')
        const isBad = found.verdict === 'warning' || found.verdict === 'critical'
        const mustAlarm: boolean = !isOpen && isBad && bad >= rules.failures && !found.isHeld
        const mustRecover: boolean =
          isOpen && found.verdict === 'ok' && good >= rules.successes && bad < rules.failures / 2
        const told = notices.map(({ kind }) => kind)
        if (told.includes('alarm') !== mustAlarm) throw new Error(`check ${index}: ${bad} bad: ${told}`)
        if (told.includes('recovered') !== mustRecover) throw new Error(`check ${index}: ${good} good: ${told}`)
        const alarm = notices.find(({ kind }) => kind === 'alarm')
        if (alarm && (alarm.times !== bad || alarm.of !== rules.window)) throw new Error(JSON.stringify(alarm))
        isOpen = mustAlarm || (isOpen && !mustRecover)
      }
    }),
    { numRuns: 2000 },
  )
  t.pass()
  t.end()
})

t.test('a name alarms exactly when none of its addresses was good that many times in a row', (t) => {
  const verdict = fc.constantFrom<Verdict>('ok', 'warning', 'critical')
  const addresses = fc.dictionary(fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'), verdict, {
    minKeys: 1,
  })
  fc.assert(
    fc.property(fc.array(addresses, { maxLength: 40 }), (reports) => {
      let state: AlarmState = freshState
      let bad = 0
      const open = new Map<string, string>()
      for (const [step, report] of reports.entries()) {
        const targets = Object.entries(report).map(([address, one]) => ({
          url: 'http://svc',
          address,
          verdict: one,
          reasons: [],
        }))
        const rules = { failures: 3, successes: 2, remindMs: 0 }
        const next = nextAlarms(state, { targets }, rules, step * 60_000)
        state = JSON.parse(JSON.stringify(next.state))
        bad = targets.some((target) => target.verdict === 'ok') ? 0 : bad + 1
        for (const { kind, target, outage } of next.notices) {
          if (kind === 'alarm' && open.has(target)) throw new Error(`two alarms of ${target}`)
          if (kind === 'alarm') open.set(target, outage)
          else if (open.get(target) !== outage) throw new Error(`${kind} of what nobody was told of`)
          if (kind === 'recovered') open.delete(target)
        }
        if (bad >= 3 && open.size === 0) throw new Error(`check ${step}: ${bad} times without a good address, no alarm`)
      }
    }),
    { numRuns: 3000 },
  )
  t.pass()
  t.end()
})

t.test('no id is used twice', (t) => {
  fc.assert(
    fc.property(fc.array(check, { maxLength: 80 }), policy, (checks, rules) => {
      const ids = play(checks, rules).flatMap(({ notices }) => notices.map(({ id }) => id))
      return new Set(ids).size === ids.length
    }),
    { numRuns: 1000 },
  )
  t.pass()
  t.end()
})
