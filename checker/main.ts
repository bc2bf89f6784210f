#!/usr/bin/env node
import { checkTargets } from './check.ts'
import { type CommandLine, readCommandLine } from './command-line.ts'
import { renderReport } from './outlets/render.ts'
import { type CheckReport, exitCodes } from './report.ts'

const { stdout, exitCode } = await main(process.argv.slice(2)).catch(admitDefect)
// A look-up of a name that nobody answers cannot be cancelled, so the process does not wait for it.
process.stdout.write(stdout, () => process.exit(exitCode))

interface Outcome {
  readonly stdout: string
  readonly exitCode: number
}

async function main(argv: readonly string[]): Promise<Outcome> {
  const commandLine = readCommandLine(argv)
  return commandLine.problems.length > 0 ? refuse(commandLine) : run(commandLine)
}

async function run({ action, targets, settings, format, outputPath }: CommandLine): Promise<Outcome> {
  if (action !== 'check') {
    const { helpText, checkerVersion } = await import('./help.ts')
    return { stdout: action === 'help' ? helpText() : `${checkerVersion()}\n`, exitCode: 0 }
  }
  // Node looks up half as many names at once as it has threads, and a dead name server must not delay other targets.
  if (targets.length > 2) process.env.UV_THREADPOOL_SIZE ??= String(Math.min(128, 2 * targets.length))
  const report = await checkTargets(targets, settings)
  const rendered = await renderReport(report, format, settings)
  const exitCode = exitCodes[report.verdict]
  if (outputPath === undefined) return { stdout: rendered, exitCode }
  const { writeAtomically } = await import('./output-file.ts')
  try {
    writeAtomically(outputPath, rendered)
  } catch (error) {
    process.stderr.write(`error: --output: ${error instanceof Error ? error.message : error}\n`)
    return { stdout: `${report.summary}\n`, exitCode: exitCodes.unknown }
  }
  return { stdout: `${report.summary}\n`, exitCode }
}

async function refuse({ problems, format, settings }: CommandLine): Promise<Outcome> {
  process.stderr.write(`${problems.map((problem) => `error: ${problem}\n`).join('')}hint:  --help lists every flag\n`)
  const summary = `wrong usage: ${problems.join('; ')}`
  const report: CheckReport = { ok: false, verdict: 'unknown', summary, targets: [] }
  const stdout = format === 'json' || format === 'nagios' ? await renderReport(report, format, settings) : ''
  return { stdout, exitCode: exitCodes.unknown }
}

/** Node's own exit code for an error that nobody caught is 1, which Nagios would read as a mere warning. */
function admitDefect(error: unknown): Outcome {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  return { stdout: '', exitCode: exitCodes.unknown }
}
