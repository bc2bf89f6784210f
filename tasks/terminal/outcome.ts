import { printable, printableLine } from '../../checker/formatters/printable.ts'
import { exitCodes, OperatorError } from '../lib/errors.ts'
import { asCalled } from '../settings/program-name.ts'
import { carriesOn } from '../settings/verbs.ts'
import { interruptedExitCode } from './interruption.ts'
import type { TaskResult } from './task.ts'

/** What the program ends with. */
export interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface Reporting {
  readonly verb: string
  readonly json: boolean
  /** Also shows the causes of a failure. */
  readonly verbose: boolean
  /** After a Ctrl-C the exit code is 130, whatever the task returned. */
  readonly wasInterrupted: boolean
  /** The command that was typed. */
  readonly command: string
  /** The command that starts bakeroll; undefined: npm. */
  readonly program?: string | undefined
  /** `--format` of `check`. */
  readonly format?: string
  paint(format: 'red' | 'cyan' | 'dim', text: string): string
}

export function resultOutcome(result: TaskResult, reporting: Reporting): Outcome {
  if (reporting.wasInterrupted) return interruptedOutcome(result.facts, undefined, reporting)
  const exitCode = result.exitCode ?? 0
  const ok = result.ok ?? exitCode === 0
  const text = result.output ?? result.line
  const stdout = reporting.json ? document({ ok, ...result.facts }) : text === '' ? '' : `${text.replace(/\n$/, '')}\n`
  // The words of instances must not be rewritten.
  const program = reporting.verb === 'logs' ? undefined : reporting.program
  return { exitCode, stdout: told(stdout, program), stderr: '' }
}

/** An OperatorError says what to do; anything else is a bug of ours. */
export function failureOutcome(error: unknown, reporting: Reporting): Outcome {
  if (reporting.wasInterrupted) return interruptedOutcome({}, error, reporting)
  const isNagios = reporting.verb === 'check'
  if (error instanceof OperatorError) {
    const causes = reporting.verbose ? causesOf(error, reporting) : ''
    const exitCode = isNagios && error.kind !== 'interrupted' ? 3 : exitCodes[error.kind]
    return failed(exitCode, error, `${errorLines(error, reporting)}${causes}`, reporting)
  }
  const message = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error ? (error.stack ?? message) : message
  const hint = `this is a defect of bakeroll: please report it with the lines above and the command: ${reporting.command}`
  const stderr = `${told(stack, undefined)}\n${errorLines({ message, hint }, reporting)}`
  return failed(isNagios ? 3 : 1, { message, hint, kind: 'defect' }, stderr, reporting)
}

interface Failure {
  readonly message: string
  readonly hint?: string | undefined
  readonly kind: string
}

function interruptedOutcome(facts: Record<string, unknown>, error: unknown, reporting: Reporting): Outcome {
  const { verb, command } = reporting
  const isOwn = error instanceof OperatorError && error.kind === 'interrupted'
  const isTold = error instanceof OperatorError && !isOwn
  const message = isOwn ? error.message : `${verb} interrupted${isTold ? `: ${error.message}` : ''}`
  const hint = carriesOn(verb) ? `${command} carries on from here` : undefined
  const failure = { message, hint, kind: 'interrupted' }
  const causes = reporting.verbose && error instanceof Error ? causesOf(error, reporting) : ''
  return failed(interruptedExitCode, failure, `${errorLines(failure, reporting)}${causes}`, reporting, facts)
}

function failed(
  exitCode: number,
  { message, hint, kind }: Failure,
  stderr: string,
  { verb, json, format, program }: Reporting,
  facts: Record<string, unknown> = {},
): Outcome {
  const summary = message.replaceAll('\n', '; ')
  if (verb === 'check' && !json && format === 'nagios') {
    return { exitCode, stdout: `CHECK UNKNOWN - ${printableLine(summary).replaceAll('|', '/')}\n`, stderr }
  }
  if (!json) return { exitCode, stdout: '', stderr }
  const unknown = verb === 'check' ? { verdict: 'unknown', summary, targets: [] } : {}
  return {
    exitCode,
    stdout: told(document({ ok: false, ...unknown, ...facts, error: { message: summary, hint, kind } }), program),
    stderr,
  }
}

function errorLines({ message, hint }: Omit<Failure, 'kind'>, { paint, program }: Reporting): string {
  const errors = message.split('\n').map((line) => `${paint('red', 'error:')} ${told(line, program)}\n`)
  return `${errors.join('')}${hint === undefined ? '' : `${paint('cyan', 'hint:')}  ${told(hint, program)}\n`}`
}

function causesOf(error: Error, { paint }: Reporting): string {
  const lines: string[] = []
  for (let cause = error.cause; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
    const words = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
    lines.push(paint('dim', `cause: ${told(words, undefined)}`))
  }
  return lines.map((line) => `${line}\n`).join('')
}

/**
 * The text as shown: adapted to the way bakeroll was called, and without terminal control sequences. Colours are added
 * later.
 */
function told(text: string, program: string | undefined): string {
  return printable(asCalled(text, program))
}

function document(content: Record<string, unknown>): string {
  return `${JSON.stringify(content, null, 2)}\n`
}
