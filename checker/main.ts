#!/usr/bin/env node
import { type CommandLine, readCommandLine } from './options/command-line.ts'
import { defaultSettings } from './options/settings.ts'
import { renderReport } from './outlets/render.ts'
import type { Outcome } from './run-types.ts'
import { type CheckReport, exitCodes } from './verdict/report.ts'

const longestStartMs = 50

const { stdout, exitCode } = await main(process.argv.slice(2)).catch(admitDefect)
// A look-up of a name that nobody answers cannot be cancelled, so the process does not wait for it.
process.stdout.write(stdout, () => process.exit(exitCode))

async function main(argv: readonly string[]): Promise<Outcome> {
  // The deadline counts from the start of the process; of a slow start only this much, or nothing would be left to measure.
  const startedMs = Math.max(0, performance.now() - longestStartMs)
  const commandLine = await readCommandLine(argv)
  const { action, problems } = commandLine
  if (problems.length > 0) return refuse(commandLine)
  if (action !== 'check') {
    const { helpText, checkerVersion } = await import('./options/help.ts')
    return { stdout: action === 'help' ? helpText() : `${checkerVersion()}\n`, exitCode: 0 }
  }
  const { perform } = await import('./perform.ts')
  return perform(commandLine, {
    startedMs,
    warn: (line) => process.stderr.write(`error: ${line}\n`),
    say: (line) => process.stderr.write(`${line}\n`),
  })
}

async function refuse({ problems, options: { format } }: CommandLine): Promise<Outcome> {
  process.stderr.write(`${problems.map((problem) => `error: ${problem}\n`).join('')}hint:  --help lists every flag\n`)
  const summary = `wrong usage: ${problems.join('; ')}`
  const report: CheckReport = { ok: false, verdict: 'unknown', summary, targets: [] }
  const stdout = format === 'json' || format === 'nagios' ? await renderReport(report, format, defaultSettings) : ''
  return { stdout, exitCode: exitCodes.unknown }
}

/** Node's own exit code for an error that nobody caught is 1, which Nagios would read as a mere warning. */
function admitDefect(error: unknown): Outcome {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  return { stdout: '', exitCode: exitCodes.unknown }
}
