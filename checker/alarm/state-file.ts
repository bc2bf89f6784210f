import { readFileSync, renameSync, statSync } from 'node:fs'
import { writeAtomically } from '../atomic-file.ts'
import { outputProblem } from '../formatters/output-file.ts'
import type { AlarmState, Outgoing, TargetState } from './state.ts'
import { freshState } from './state.ts'
import { isState } from './state-shape.ts'

const formatVersion = 1

/** Why a file cannot hold the state of alarms; undefined when it can, even if it is corrupt or missing. */
export function stateProblem(file: string): string | undefined {
  const unwritable = outputProblem(file)
  if (unwritable !== undefined) return unwritable
  try {
    const version = versionOf(parse(file))
    return version !== undefined && version > formatVersion ? newer(file, version) : undefined
  } catch (error) {
    return `cannot read ${file}: ${error instanceof Error ? error.message : error}`
  }
}

/** Loads the state; renames a corrupt file, and says so in `note`. Throws when the file has a newer format. */
export function loadState(file: string, nowMs: number): { readonly state: AlarmState; readonly note?: string } {
  const content = parse(file)
  if (content === undefined) return { state: freshState }
  const version = versionOf(content)
  if (version !== undefined && version > formatVersion) throw new Error(newer(file, version))
  if (version === formatVersion && isState(content)) return { state: notAhead(content, nowMs) }
  const aside = freeName(`${file}.corrupt-${new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')}`)
  renameSync(file, aside)
  return {
    state: freshState,
    note: `the state file was corrupt and was renamed to ${aside}: outages are counted from zero, and messages that waited in it are lost`,
  }
}

/** Replaces the state file atomically and durably; only its owner can read it. */
export function saveState(file: string, { targets, outbox }: AlarmState): void {
  const content = `${JSON.stringify({ version: formatVersion, targets, outbox })}\n`
  // Under the lock no other run uses this draft.
  writeAtomically(file, content, { isDurable: true, draft: 'new' })
}

/** `undefined` when the file is missing or empty; `null` when it is not JSON. */
function parse(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function versionOf(content: unknown): number | undefined {
  const version = typeof content === 'object' && content !== null && 'version' in content ? content.version : undefined
  return typeof version === 'number' ? version : undefined
}

function newer(file: string, version: number): string {
  return `${file} has format ${version}, written by a newer version of the checker; this one knows format ${formatVersion}`
}

function freeName(name: string, number = 1): string {
  const candidate = number === 1 ? name : `${name}-${number}`
  return statSync(candidate, { throwIfNoEntry: false }) === undefined ? candidate : freeName(name, number + 1)
}

/** After our clock was set back, moves times from the future to now; reminders would otherwise stay away. */
function notAhead({ targets, outbox }: AlarmState, nowMs: number): AlarmState {
  const past = (ms: number) => Math.min(ms, nowMs)
  const clamp = (track: TargetState['outage']): TargetState['outage'] => ({
    ...track,
    ...(track.sinceMs === undefined ? {} : { sinceMs: past(track.sinceMs) }),
    ...(track.alarm === undefined ? {} : { alarm: { ...track.alarm, toldMs: past(track.alarm.toldMs) } }),
  })
  return {
    targets: Object.fromEntries(
      Object.entries(targets).map(([key, { outage, blindness, seenMs, ...rest }]) => [
        key,
        { ...rest, seenMs: past(seenMs), outage: clamp(outage), blindness: clamp(blindness) },
      ]),
    ),
    outbox: outbox.map((entry): Outgoing => ({ ...entry, queuedMs: past(entry.queuedMs) })),
  }
}
