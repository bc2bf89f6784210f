import type { CheckReport } from '../verdict/report.ts'
import type { Channel } from './channels/channel-target.ts'
import { send } from './channels/send.ts'
import { type DeliveryHost, deliver } from './delivery.ts'
import { sendHeartbeat } from './heartbeat.ts'
import { keepState, throttled } from './keeper.ts'
import { isInWindow, type MaintenanceWindow } from './maintenance.ts'
import { type NextAlarms, nextAlarms } from './next-alarms.ts'
import type { Message } from './notice-text.ts'
import { enqueue } from './outbox.ts'
import { lockRun, type RunLock } from './run-lock.ts'
import type { AlarmState, Notice } from './state.ts'
import { loadState } from './state-file.ts'
import type { AlarmPolicy } from './track.ts'

export interface AlarmOptions extends AlarmPolicy {
  readonly stateFile: string
  readonly maintenance?: readonly MaintenanceWindow[] | undefined
  readonly notify?: readonly Channel[] | undefined
  /** A mustache template for the body of webhooks. */
  readonly notifyTemplate?: string | undefined
  /** Requested at the end. */
  readonly heartbeat?: URL | undefined
  /** For delivery and heartbeat together; the rest waits for the next run. */
  readonly timeoutMs: number
  /** Aborted to stop both early. */
  readonly stop?: AbortSignal | undefined
  /** The lock of the whole run, if it has one; otherwise it is taken here. */
  readonly lock?: RunLock
}

export type AlarmHost = DeliveryHost

export interface AlarmOutcome {
  readonly notices: readonly Notice[]
  /** Messages delivered, and those waiting for the next run. */
  readonly delivered: number
  readonly waiting: number
  /** Notices held back by maintenance or a roll. */
  readonly heldBack: number
  /** One line each: failed deliveries, a corrupt state file. */
  readonly problems: readonly string[]
  /** Another run is under way, so nothing was done. */
  readonly busy?: string
  /** Why the state could not be saved; notices were sent anyway. */
  readonly broken?: string
}

/** `check` adds the roll of its group to the report. */
interface MaybeRolling {
  readonly roll?: { readonly underWay?: boolean }
}

export const systemHost: AlarmHost = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      if (signal.aborted) end()
      else signal.addEventListener('abort', end)
    }),
}

/**
 * Counts one report, decides on notices, saves both in the state file, then delivers. Throws only when the state file is
 * unreadable or has a newer format.
 */
export async function processAlarms(
  report: CheckReport & MaybeRolling,
  options: AlarmOptions,
  host: AlarmHost = systemHost,
): Promise<AlarmOutcome> {
  const lock = options.lock ?? lockRun(options.stateFile, host.nowMs())
  if ('busy' in lock)
    return { notices: [], delivered: 0, waiting: 0, heldBack: 0, problems: [lock.busy], busy: lock.busy }
  try {
    const nowMs = host.nowMs()
    const channels = distinct(options.notify ?? [])
    const { state: before, note } = loadState(options.stateFile, nowMs)
    const next = nextAlarms(before, report, options, nowMs, isHeld(report, options, nowMs))
    const state = { ...next.state, outbox: [...before.outbox, ...enqueue(next.notices, channels, nowMs)] }
    const keeper = keepState(options.stateFile, lock.problem)
    keeper.save(state)
    const reserveMs = options.heartbeat === undefined ? 0 : Math.min(4000, options.timeoutMs / 3)
    const task = { channels: senders(channels, options), timeoutMs: options.timeoutMs - reserveMs, stop: options.stop }
    const keepOutbox = (outbox: AlarmState['outbox']) => keeper.save({ ...state, outbox })
    const result = await deliver(state.outbox, { ...task, keep: throttled(keepOutbox) }, host)
    if (state.outbox.length > 0) keepOutbox(result.outbox)
    const isBroken = keeper.problem() !== undefined || result.isStuck
    const beat =
      options.heartbeat === undefined || options.stop?.aborted
        ? undefined
        : await sendHeartbeat(options.heartbeat, isBroken ? 'broken' : 'done', reserveMs, options.stop)
    return outcome(next, result, [note, keeper.problem(), ...result.problems, beat], keeper.problem())
  } finally {
    if (options.lock === undefined) lock.release()
  }
}

function outcome(
  { notices, heldBack }: NextAlarms,
  { delivered, outbox }: Awaited<ReturnType<typeof deliver>>,
  problems: readonly (string | undefined)[],
  broken: string | undefined,
): AlarmOutcome {
  return {
    notices,
    delivered,
    waiting: outbox.length,
    heldBack,
    problems: problems.filter((problem) => problem !== undefined),
    ...(broken === undefined ? {} : { broken }),
  }
}

function isHeld(report: MaybeRolling, { maintenance = [] }: AlarmOptions, nowMs: number): boolean {
  return report.roll?.underWay === true || maintenance.some((window) => isInWindow(window, nowMs))
}

function senders(channels: readonly Channel[], { notifyTemplate }: AlarmOptions) {
  return new Map(
    channels.map((channel) => [
      channel.id,
      (message: Message, signal: AbortSignal) => send(channel, message, notifyTemplate, signal),
    ]),
  )
}

function distinct(channels: readonly Channel[]): Channel[] {
  return [...new Map(channels.map((channel) => [channel.id, channel])).values()]
}
