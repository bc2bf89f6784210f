import { printableLine } from '../formatters/printable.ts'
import { renderText } from '../formatters/text.ts'
import { wrapped } from '../formatters/wrapping.ts'
import { runCheck } from '../run.ts'
import type { CheckRun, RunOutcome } from '../run-types.ts'
import { type CheckReport, interruptedExitCode, type TargetReport } from '../verdict/report.ts'
import { targetName } from '../verdict/summary.ts'

export interface WatchView {
  /** The screen's size; undefined: not a terminal, so the output stays. */
  readonly screen: (() => { readonly columns: number; readonly rows: number }) | undefined
  write(text: string): void
  warn(line: string): void
  nowMs(): number
  /** Returns early when the watch is stopped. */
  sleep(durationMs: number): Promise<void>
  /** Aborted when the user quits. */
  readonly signal: AbortSignal
}

/**
 * Checks repeatedly until stopped: a terminal shows the latest report, other outputs get a line per change. Returns the last
 * outcome, which has already been written.
 */
export async function watch(run: CheckRun, everyMs: number, view: WatchView): Promise<RunOutcome> {
  let drawn: readonly string[] = []
  let before: CheckReport | undefined
  let last: RunOutcome | undefined
  for (;;) {
    const startedMs = performance.now()
    const outcome = await runCheck(run, { startedMs, warn: view.warn, signal: view.signal })
    if (outcome.exitCode === interruptedExitCode) return { ...(last ?? outcome), stdout: '' }
    last = outcome
    if (!view.signal.aborted || before === undefined) {
      const time = new Date(view.nowMs()).toISOString()
      if (view.screen === undefined) view.write(changeLines(before, outcome.report, time).join(''))
      else {
        const size = view.screen()
        const rows = rowsOf(drawn, size.columns)
        drawn = screenLines(outcome.report, time, size)
        view.write(`${rows === 0 ? '' : `\u001B[${rows}A\r`}\u001B[J${drawn.join('\n')}\n`)
      }
    }
    before = outcome.report
    if (!view.signal.aborted) await view.sleep(Math.max(0, startedMs + everyMs - performance.now()))
    if (view.signal.aborted) return { ...outcome, stdout: '' }
  }
}

/**
 * The terminal's content: the time, the report, how to quit. Wraps long lines if everything fits then, else cuts them: a line
 * that the terminal itself wraps cannot be overwritten.
 */
export function screenLines(
  report: CheckReport,
  time: string,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string[] {
  const all = renderText(report).trimEnd().split('\n')
  const room = Math.max(1, rows - 3)
  const width = Math.max(1, columns - 1)
  const whole = [`${time}  q quits`, ...all].flatMap((line) => wrapped(line, width, 2))
  if (whole.length <= room + 1) return whole
  const shown = all.length <= room ? all : [...all.slice(0, room - 1), `... and ${all.length - room + 1} more lines`]
  return [`${time}  q quits`, ...shown].map((line) => cut([...line], width))
}

function cut(letters: readonly string[], columns: number): string {
  return letters.length <= columns ? letters.join('') : `${letters.slice(0, columns - 1).join('')}…`
}

/** The number of rows that drawn lines take now; the terminal may have been resized. */
function rowsOf(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil([...line].length / columns)), 0)
}

/** One line for each target that is new, gone, or has another verdict; a roll counts as a change. */
export function changeLines(before: CheckReport | undefined, now: CheckReport, time: string): string[] {
  const key = ({ url, address }: TargetReport) => `${url} ${address}`
  const known = new Map(before?.targets.map((target) => [key(target), target.verdict]))
  const lines = now.targets
    .filter((target) => known.get(key(target)) !== target.verdict)
    .map((target) => {
      const reason = target.reasons[0] === undefined ? '' : `: ${target.reasons[0]}`
      return `${time} ${target.verdict} ${targetName(target)}${reason}\n`
    })
  const present = new Set(now.targets.map(key))
  const gone = (before?.targets ?? []).filter((target) => !present.has(key(target)))
  lines.push(...gone.map((target) => `${time} gone ${targetName(target)}\n`))
  // Without targets, only the summary says why.
  if (now.targets.length === 0 && before?.summary !== now.summary) lines.push(`${time} ${now.verdict} ${now.summary}\n`)
  return lines.map((line) => `${printableLine(line.trimEnd())}\n`)
}
