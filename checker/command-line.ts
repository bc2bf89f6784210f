import { parseDurationMs } from './duration.ts'
import { type FlagName, type ParsedFlags, parseFlags } from './flags.ts'
import { type ReportFormat, reportFormats } from './outlets/render.ts'
import { outputProblem } from './output-file.ts'
import { type CheckSettings, defaultSettings, parseTimeFormat } from './settings.ts'
import { type CheckTarget, urlProblems } from './target.ts'

/** What a command line asks for; `problems` is everything that is wrong with it. */
export interface CommandLine {
  readonly action: 'check' | 'help' | 'version'
  readonly targets: readonly CheckTarget[]
  readonly settings: CheckSettings
  readonly format: ReportFormat
  readonly outputPath?: string
  readonly problems: readonly string[]
}

/** Reads and validates a whole command line; whether `--output` can be written is found out by trying. */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const parsed = parseFlags(argv)
  const problems = [...parsed.problems]
  const { settings, format, outputPath } = readFlags(parsed, problems)
  const action = parsed.values.has('help') ? 'help' : parsed.values.has('version') ? 'version' : 'check'
  if (action === 'check') problems.push(...urlProblems(parsed.rest))
  const targets = parsed.rest.map((url) => ({ url }))
  return { action, targets, settings, format, problems, ...(outputPath === undefined ? {} : { outputPath }) }
}

function readFlags(
  { values }: ParsedFlags,
  problems: string[],
): Pick<CommandLine, 'settings' | 'format' | 'outputPath'> {
  /** Reads one flag, if it is there, and notes what was expected when it cannot be read. */
  function read<T>(name: FlagName, expected: string, parse: (text: string) => T | undefined): T | undefined {
    const text = values.get(name)
    const value = text === undefined ? undefined : parse(text)
    if (text !== undefined && value === undefined)
      problems.push(`--${name}: expected ${expected}, got ${JSON.stringify(text)}`)
    return value
  }
  const duration = 'a duration with its unit, such as 500ms or 1s'
  const path = 'a path that begins with /'
  const given = {
    expectVersion: read('expect-version', 'a version', nonEmpty),
    maxOffsetMs: read('max-offset', duration, parseDurationMs),
    timePath: read('time-path', path, absolutePath),
    timeFormat: read(
      'time-format',
      'auto, iso8601, unix, unix-ms, http-date, time-of-day or json:<pointer>',
      parseTimeFormat,
    ),
    versionPath: read('version-path', path, absolutePath),
    samples: read('samples', 'a whole number from 1 to 100', (text) => wholeNumber(text, 1, 100)),
    timeoutMs: read('timeout', `${duration}, from 1ms to 24h`, timeoutMs),
    warningLatencyMs: read('warning-latency', duration, parseDurationMs),
    criticalLatencyMs: read('critical-latency', duration, parseDurationMs),
    warningCertificateDays: read('warning-certificate', 'a whole number of days', (text) =>
      wholeNumber(text, 0, 36_500),
    ),
  }
  const format = read('format', reportFormats.join(', ').replace(/, (\w+)$/, ' or $1'), (text) =>
    reportFormats.find((name) => name === text),
  )
  if (values.has('json') && format !== undefined && format !== 'json')
    problems.push(`--json: contradicts --format ${format}`)
  const outputPath = read('output', 'a file', nonEmpty)
  const unwritable = outputPath === undefined ? undefined : outputProblem(outputPath)
  if (unwritable !== undefined) problems.push(`--output: ${unwritable}`)
  const settings = { ...defaultSettings, ...withoutUndefined(given) }
  return {
    settings,
    format: values.has('json') ? 'json' : (format ?? 'text'),
    ...(outputPath === undefined ? {} : { outputPath }),
  }
}

function nonEmpty(text: string): string | undefined {
  return text.trim() === '' ? undefined : text.trim()
}

function absolutePath(text: string): string | undefined {
  return /^\/[!-~]*$/.test(text) ? text : undefined
}

function wholeNumber(text: string, lowest: number, highest: number): number | undefined {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  return value >= lowest && value <= highest ? value : undefined
}

function timeoutMs(text: string): number | undefined {
  const value = parseDurationMs(text) ?? 0
  return value >= 1 && value <= 86_400_000 ? value : undefined
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

function withoutUndefined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>
}
