import { formatDurationMs } from '../duration.ts'
import type { Notice } from './state.ts'

/** One delivery; channels for people combine all notices of a check. */
export interface Message {
  readonly key: string
  readonly notices: readonly Notice[]
}

/** Notices to spell out in a message; a network-wide failure must not send a megabyte. */
const spelledOut = 50
/** Slack truncates texts after 40,000 characters. */
const longestText = 30_000

/** One line: `critical: http://a (10.0.0.1): status 500 (3 times in a row, since 2026-01-01T00:00:00Z)`. */
export function describeNotice(notice: Notice): string {
  const { kind, target, verdict, previousVerdict, reasons, times } = notice
  const since = `since ${short(notice.since)}`
  const reason = reasons[0] === undefined ? '' : `: ${reasons[0]}`
  const heldBack = notice.heldBack === undefined ? '' : `, held back ${notice.heldBack} times`
  switch (kind) {
    case 'alarm':
      return `${verdict}: ${target}${reason} (${howOften(times, notice.of)}, ${since}${heldBack})`
    case 'changed':
      return `now ${verdict}, was ${previousVerdict}: ${target}${reason} (${since}${heldBack})`
    case 'reminder':
      return `still ${verdict}: ${target}${reason} (${since}, ${lasted(notice)}${heldBack})`
    case 'recovered':
      return `recovered: ${target}: ${goodAgain(notice)} after ${lasted(notice)} (${since})`
    case 'gone':
      return `no longer checked: ${target}: was ${previousVerdict ?? verdict} (${since})`
  }
}

/** What webhooks, templates and commands get. */
export function noticeFacts(notice: Notice): Notice & { readonly summary: string } {
  return { ...notice, summary: describeNotice(notice) }
}

export function messageTitle({ notices: [first, ...others] }: Message): string {
  if (first === undefined) return 'nothing to tell'
  return others.length === 0 ? describeNotice(first) : `${others.length + 1} notices: ${describeNotice(first)}`
}

/** The full message for people, with every reason of each notice. */
export function messageText({ notices }: Message): string {
  const told = notices
    .slice(0, spelledOut)
    .map((notice) =>
      [describeNotice(notice), ...notice.reasons.slice(1).map((reason) => `  also: ${reason}`)].join('\n'),
    )
  const left = notices.length - told.length
  const end = left > 0 ? `\nand ${left} more` : ''
  const text = told.join('\n')
  return text.length <= longestText ? text + end : `${text.slice(0, longestText)}…${end}`
}

function howOften(times: number, of: number | undefined): string {
  if (of !== undefined) return `${times} of the last ${of} checks`
  return times === 1 ? 'once' : `${times} times in a row`
}

/** After unknown, the next verdict may be bad; only an outage ends with ok. */
function goodAgain({ verdict, previousVerdict }: Notice): string {
  return previousVerdict === 'unknown' ? `can be judged again, ${verdict},` : 'ok again'
}

function lasted({ since, at }: Notice): string {
  return formatDurationMs(Date.parse(at) - Date.parse(since))
}

function short(iso: string): string {
  return iso.replace(/\.\d+Z$/, 'Z')
}
