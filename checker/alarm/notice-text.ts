import { formatDurationMs } from '../duration.ts'
import type { Notice } from './state.ts'

/** What is sent in one go; a channel for people takes all notices of one check together. */
export interface Message {
  readonly key: string
  readonly notices: readonly Notice[]
}

/** How many notices a message spells out; a network that fails as a whole must not make a mail of a megabyte. */
const spelledOut = 50
/** Slack cuts a text after 40,000 characters. */
const longestText = 30_000

/** A notice in one line: `critical: http://a (10.0.0.1): status 500 (3 times in a row, since 2026-01-01T00:00:00Z)`. */
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

/** Everything a webhook, a template and a command are told of a notice. */
export function noticeFacts(notice: Notice): Notice & { readonly summary: string } {
  return { ...notice, summary: describeNotice(notice) }
}

/** The message in one line. */
export function messageTitle({ notices: [first, ...others] }: Message): string {
  if (first === undefined) return 'nothing to tell'
  return others.length === 0 ? describeNotice(first) : `${others.length + 1} notices: ${describeNotice(first)}`
}

/** The message in full, for people: each notice with all its reasons. */
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

/** What could not be judged may be found bad then: only an outage ends with ok. */
function goodAgain({ verdict, previousVerdict }: Notice): string {
  return previousVerdict === 'unknown' ? `can be judged again, ${verdict},` : 'ok again'
}

function lasted({ since, at }: Notice): string {
  return formatDurationMs(Date.parse(at) - Date.parse(since))
}

function short(iso: string): string {
  return iso.replace(/\.\d+Z$/, 'Z')
}
