import type { Busy, RunLock } from './alarm/run-lock.ts'
import { renderReport } from './formatters/render.ts'
import type { CheckOptions } from './options/options.ts'
import { settingsOf, settingsOfRun } from './options/settings.ts'
import { headStart, measureOwnClock } from './own-clock/measure.ts'
import { probeTargets } from './probe/probe.ts'
import type { CheckRun, OwnClock, RunHost, RunOutcome } from './run-types.ts'
import { type CheckReport, exitCodes, interruptedExitCode, worstVerdict } from './verdict/report.ts'
import { judge } from './verdict/verdict.ts'

/**
 * One check from start to end. Loads only what the options ask for. A follow-up that fails is reported and turns ok or warning
 * into unknown; the others still run.
 */
export async function runCheck(run: CheckRun, host: RunHost): Promise<RunOutcome> {
  const lock = await lockState(run.options)
  if ('busy' in lock) return refused(lock.busy, run.options)
  try {
    const { options, describe = (report) => report } = run
    const measured = await measure(run, host)
    // A check that was stopped proves nothing about its targets.
    if (host.signal?.aborted) return await refused('stopped before it finished', options, interruptedExitCode)
    const report = describe(measured)
    const rendered = await renderReport(report, options.format, settingsOfRun(run))
    const failed = await doAll(followUps(options, report, rendered, host, lock), host)
    return {
      report,
      stdout: options.output === undefined ? rendered : `${report.summary}\n`,
      exitCode: exitCodes[failed === 0 ? report.verdict : worstVerdict([report.verdict, 'unknown'])],
    }
  } finally {
    lock.release()
  }
}

/** Reports each failure; returns how many there were. */
async function doAll(all: readonly FollowUp[], { signal, warn }: RunHost): Promise<number> {
  let failed = 0
  for (const { flag, work } of all) {
    if (signal?.aborted) break
    try {
      await work()
    } catch (error) {
      failed += 1
      warn(`--${flag}: ${error instanceof Error ? error.message : error}`)
    }
  }
  return failed
}

/** Concurrent runs with one state file would count a failure twice, so the second run refuses. */
async function lockState({ state }: CheckOptions): Promise<RunLock | Busy> {
  if (state === undefined) return { release: () => {} }
  const { lockRun } = await import('./alarm/run-lock.ts')
  return lockRun(state, Date.now())
}

async function refused(
  reason: string,
  options: CheckOptions,
  exitCode: number = exitCodes.unknown,
): Promise<RunOutcome> {
  const report: CheckReport = { ok: false, verdict: 'unknown', summary: reason, targets: [] }
  return {
    report,
    stdout: await renderReport(report, options.format, settingsOf(options)),
    exitCode,
  }
}

async function measure(run: CheckRun, { startedMs, signal }: RunHost): Promise<CheckReport> {
  const { targets, options } = run
  const settings = settingsOfRun({ ...run, options: { ...options, timeoutMs: measuringMs(options) } })
  const ownClock = measureOwnClock(options, startedMs + settings.timeoutMs - performance.now())
  const probes = headStart(ownClock, options).then(() => probeTargets(targets, settings, startedMs, signal))
  const [facts, known] = await Promise.all([probes, unlessStopped(ownClock, signal)])
  const report = judge(facts, settings, known)
  const told = [settings, ...(settings.ofTargets?.values() ?? [])].map(({ headers }) => headers)
  if (told.every((headers) => headers === undefined)) return report
  return (await import('./verdict/without-secrets.ts')).withoutSecrets(report, told)
}

/** Does not wait for time servers once the probes are stopped. */
async function unlessStopped(ownClock: Promise<OwnClock>, signal: AbortSignal | undefined): Promise<OwnClock> {
  if (signal === undefined) return ownClock
  let stop = () => {}
  const stopped = new Promise<OwnClock>((resolve) => {
    stop = () => resolve({ state: 'unmeasured' })
  })
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  return Promise.race([ownClock, stopped]).finally(() => signal.removeEventListener('abort', stop))
}

/** Alarms, heartbeat and history are part of the run, so the measurement leaves them a quarter of its time. */
function measuringMs({ timeoutMs, notify, heartbeat, historyFile }: CheckOptions): number {
  return (notify ?? heartbeat ?? historyFile) === undefined ? timeoutMs : timeoutMs * 0.75
}

interface FollowUp {
  /** The flag that asks for it. */
  readonly flag: string
  work(): void | Promise<void>
}

/** In the order in which they run. */
function followUps(
  options: CheckOptions,
  report: CheckReport,
  rendered: string,
  host: RunHost,
  lock: RunLock,
): FollowUp[] {
  const { output, badge, historyFile, state, heartbeat } = options
  const leftMs = () => Math.max(1, host.startedMs + options.timeoutMs - performance.now())
  const all: FollowUp[] = []
  if (output !== undefined) {
    const work = async () => (await import('./atomic-file.ts')).writeAtomically(output, rendered, { mode: 'kept' })
    all.push({ flag: 'output', work })
  }
  if (badge !== undefined) {
    const work = async () => (await import('./formatters/badge.ts')).writeBadge(badge, report)
    all.push({ flag: 'badge', work })
  }
  if (historyFile !== undefined) {
    const work = async () =>
      (await import('./history/run-history.ts')).runHistory(report, { ...options, historyFile }, leftMs(), host)
    all.push({ flag: 'history-file', work })
  }
  if (state !== undefined) {
    const work = async () =>
      (await import('./alarm/run-alarms.ts')).runAlarms(
        report,
        { ...options, state },
        { timeoutMs: leftMs(), lock },
        host,
      )
    all.push({ flag: 'state', work })
  } else if (heartbeat !== undefined) {
    const work = async () => {
      const { sendHeartbeat } = await import('./alarm/heartbeat.ts')
      const problem = await sendHeartbeat(heartbeat, 'done', leftMs(), host.signal)
      if (problem !== undefined) host.warn(problem)
    }
    all.push({ flag: 'heartbeat', work })
  }
  return all
}
