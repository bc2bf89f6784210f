import type { AlarmState, TargetState } from './state.ts'
import { targetKey } from './state.ts'

type Test = (value: unknown) => boolean
type Shape = Readonly<Record<string, Test>>

const text: Test = (value) => typeof value === 'string'
const count: Test = (value) => Number.isSafeInteger(value) && Number(value) >= 0
/** The range of Date. */
const moment: Test = (value) => typeof value === 'number' && Math.abs(value) <= 8.64e15
const verdict: Test = (value) => ['ok', 'warning', 'critical', 'unknown'].includes(value as string)
const kind: Test = (value) => ['alarm', 'changed', 'reminder', 'recovered', 'gone'].includes(value as string)
const optional =
  (test: Test): Test =>
  (value) =>
    value === undefined || test(value)
const listOf =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) && value.every(test)
const shaped =
  (shape: Shape): Test =>
  (value) =>
    isObject(value) && Object.entries(shape).every(([name, test]) => test(value[name]))

const alarm = shaped({ id: text, verdict, told: count, toldMs: moment })
const track = shaped({
  bad: count,
  good: count,
  milder: count,
  heldBack: count,
  sinceMs: optional(moment),
  recent: optional((value) => typeof value === 'string' && /^[x.]*$/.test(value)),
  alarm: optional(alarm),
})
const target = shaped({
  url: isUrl,
  address: optional(text),
  seenMs: moment,
  gapMs: optional(moment),
  outage: track,
  blindness: track,
})
const notice = shaped({
  id: text,
  outage: text,
  kind,
  target: text,
  url: text,
  address: optional(text),
  verdict,
  previousVerdict: optional(verdict),
  reasons: listOf(text),
  since: isDate,
  at: isDate,
  times: count,
  of: optional(count),
  heldBack: optional(count),
})
const outgoing = shaped({
  key: text,
  channel: text,
  channelName: text,
  notices: (value) => listOf(notice)(value) && (value as unknown[]).length > 0,
  queuedMs: moment,
  failure: optional(text),
})

/** Validates a parsed state file completely. */
export function isState(value: unknown): value is AlarmState {
  if (!isObject(value) || !isObject(value['targets']) || !listOf(outgoing)(value['outbox'])) return false
  return Object.entries(value['targets']).every(([key, one]) => target(one) && targetKey(one as TargetState) === key)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isUrl(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value)
}

function isDate(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}
