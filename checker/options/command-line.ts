import type { CheckTarget } from '../probe/target.ts'
import { needsTargets } from './contradictions.ts'
import { type ParsedFlags, parseFlags } from './flags.ts'
import { optionProblems } from './option-problems.ts'
import { type CheckOptions, defaultOptions, optionKeys, optionOf } from './options.ts'
import { readTargets } from './target-list.ts'

/** What a command line asks for; `problems` is everything that is wrong with it. */
export interface CommandLine {
  readonly action: 'check' | 'help' | 'version'
  readonly targets: readonly CheckTarget[]
  readonly options: CheckOptions
  readonly problems: readonly string[]
}

/** Reads and validates a whole command line; whether its files can be read and written is found out by trying. */
export async function readCommandLine(argv: readonly string[]): Promise<CommandLine> {
  const parsed = parseFlags(argv)
  const action = parsed.values.has('help') ? 'help' : parsed.values.has('version') ? 'version' : 'check'
  const problems = [...parsed.problems]
  const options = readOptions(parsed, problems)
  if (action === 'check') problems.push(...(await optionProblems(options)))
  const list = readTargets(parsed.rest, options.targets)
  if (action === 'check' && (needsTargets(options) || parsed.rest.length > 0)) problems.push(...list.problems)
  return { action, targets: list.targets, options, problems }
}

function readOptions({ values }: ParsedFlags, problems: string[]): CheckOptions {
  const read: Record<string, unknown> = { ...defaultOptions() }
  for (const key of optionKeys) {
    const { flag, value: placeholder, parse, expected, isSecret } = optionOf(key)
    const text = values.get(flag)
    if (text === undefined) continue
    const value = placeholder === undefined ? true : parse(text)
    if (value === undefined) {
      problems.push(`--${flag}: expected ${expected}, got ${isSecret ? '[secret]' : JSON.stringify(text)}`)
    } else read[key] = value
  }
  const options = read as unknown as CheckOptions
  if (!values.has('json')) return options
  if (values.has('format') && options.format !== 'json') {
    problems.push(`--json: contradicts --format ${options.format}`)
  }
  return { ...options, format: 'json' }
}
