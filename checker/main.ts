#!/usr/bin/env node
import { printable } from './formatters/printable.ts'
import { renderReport } from './formatters/render.ts'
import { type CommandLine, readCommandLine, settings } from './options/command-line.ts'
import { defaultSettings } from './options/settings.ts'
import type { Outcome } from './run-types.ts'
import { forgetVariables } from './settings/read.ts'
import { type CheckReport, exitCodes, interruptedExitCode } from './verdict/report.ts'

const longestStartMs = 50
/** The exporter spends up to a second on requests in progress. */
const longestStopMs = 2000

// No top-level await: only ES modules have it, and the bundle's code is not one (build.ts).
main(process.argv.slice(2))
  .catch(admitDefect)
  .then(({ stdout, exitCode }) => {
    // Work still in progress has been abandoned.
    process.stdout.write(stdout, () => process.exit(exitCode))
  })

async function main(argv: readonly string[]): Promise<Outcome> {
  // The deadline counts from process start, but a slow start uses up no more than this, or no time would be left to measure.
  const startedMs = Math.max(0, performance.now() - longestStartMs)
  if (mayAskManyOnce(argv)) (await import('./heap-flags.ts')).keepHeapSmall()
  const commandLine = await readCommandLine(argv, process.env)
  const { action, said, warnings, problems } = commandLine
  forgetVariables(process.env)
  // Other users can read a process's command line until it sets another title.
  if ([...said.keys()].some((key) => settings.get(key)?.isSecret)) process.title = 'bakeroll-check'
  if (problems.length > 0) return refuse(commandLine)
  if (action !== 'check') {
    const { helpText, checkerVersion } = await import('./options/help.ts')
    return { stdout: action === 'help' ? helpText() : `${checkerVersion()}\n`, exitCode: 0 }
  }
  for (const line of warnings) say(`warning: ${line}`)
  const { perform } = await import('./perform.ts')
  return perform(commandLine, {
    startedMs,
    signal: stopSignal(),
    warn: (line) => say(`error: ${line}`),
    say,
  })
}

/** A one-shot check of possibly many targets; decided before anything is parsed. */
function mayAskManyOnce(argv: readonly string[]): boolean {
  return argv.some((word) => /^--targets\b/.test(word)) && !argv.some((word) => /^--(serve|watch)\b/.test(word))
}

/** Aborted by SIGINT or SIGTERM. A second signal ends the process, and so does a timer, in case something ignores the first. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  const end = () => process.exit(interruptedExitCode)
  const onSignal = () => {
    if (stop.signal.aborted) end()
    stop.abort()
    setTimeout(end, longestStopMs)
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal)
  return stop.signal
}

async function refuse({ problems, options: { format } }: CommandLine): Promise<Outcome> {
  say(`${problems.map((problem) => `error: ${problem}\n`).join('')}hint:  --help lists every flag`)
  const summary = `wrong usage: ${problems.join('; ')}`
  const report: CheckReport = { ok: false, verdict: 'unknown', summary, targets: [] }
  const stdout = format === 'json' || format === 'nagios' ? await renderReport(report, format, defaultSettings) : ''
  return { stdout, exitCode: exitCodes.unknown }
}

/** Node exits with 1 after an uncaught error, which Nagios would read as a warning. */
function admitDefect(error: unknown): Outcome {
  say(String(error instanceof Error ? error.stack : error))
  return { stdout: '', exitCode: exitCodes.unknown }
}

/** The only way to stderr. */
function say(text: string): void {
  process.stderr.write(printable(`${text}\n`))
}
