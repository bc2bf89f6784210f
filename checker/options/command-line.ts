import type { CheckTarget } from '../probe/target.ts'
import { needsTargets } from './contradictions.ts'
import { readVariables, type Variables } from './environment.ts'
import { type ParsedFlags, parseFlags } from './flags.ts'
import { optionProblems, targetProblems } from './option-problems.ts'
import { type CheckOptions, defaultOptions, optionKeys, optionOf } from './options.ts'
import { readTargets, type TargetList } from './target-list.ts'

/** What a command line asks for; `problems` is everything that is wrong with it. */
export interface CommandLine {
  readonly action: 'check' | 'help' | 'version'
  readonly targets: readonly CheckTarget[]
  /** Settings that the file of targets names; absent: none. */
  readonly modules?: NonNullable<TargetList['modules']>
  /** With what the `@FILE` of secrets hold. */
  readonly options: CheckOptions
  /** The options as they were said, `@FILE` and all; absent: they have no secret. */
  readonly said?: CheckOptions
  readonly problems: readonly string[]
  /** What a person should know before the first request; absent: nothing. */
  readonly warnings?: readonly string[]
}

/**
 * Reads and validates a whole command line, and what the environment says beside it; whether its files can be read and written
 * is found out by trying.
 */
export async function readCommandLine(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<CommandLine> {
  const parsed = parseFlags(argv)
  const action = parsed.values.has('help') ? 'help' : parsed.values.has('version') ? 'version' : 'check'
  const problems = [...parsed.problems]
  const variables = readVariables(action === 'check' ? environment : {})
  problems.push(...variables.problems)
  const { options, secrets, unread } = await withSecrets(readOptions(parsed, variables, problems))
  if (action === 'check') problems.push(...unread, ...(await optionProblems(options)))
  const list = readTargets(parsed.rest, options.targets)
  const isNeeded = needsTargets(options) || parsed.rest.length > 0 || (options.serve !== undefined && !list.isEmpty)
  if (action === 'check' && isNeeded) problems.push(...list.problems)
  if (action === 'check') problems.push(...(await targetProblems(list, options)))
  const warnings = [...(secrets.warnings ?? []), ...(list.warnings ?? [])]
  return {
    ...{ action, targets: list.targets, options, problems, ...secrets },
    ...(list.modules === undefined ? {} : { modules: list.modules }),
    ...(warnings.length === 0 ? {} : { warnings }),
  }
}

interface WithSecrets {
  readonly options: CheckOptions
  readonly secrets: Pick<CommandLine, 'said' | 'warnings'>
  /** Why some could not be read. */
  readonly unread: readonly string[]
}

/** Most checks have no secret, and load nothing for them. */
async function withSecrets(said: CheckOptions): Promise<WithSecrets> {
  const hasSecret = optionKeys.some((key) => said[key] !== undefined && (key === 'cert' || optionOf(key).isSecret))
  if (!hasSecret) return { options: said, secrets: {}, unread: [] }
  const { options, problems, warnings } = (await import('./secrets.ts')).readSecrets(said)
  return { options, secrets: { said, ...(warnings.length === 0 ? {} : { warnings }) }, unread: problems }
}

function readOptions({ values }: ParsedFlags, variables: Variables, problems: string[]): CheckOptions {
  const read: Record<string, unknown> = { ...defaultOptions() }
  for (const key of optionKeys) {
    const { flag, value: placeholder, parse, expected, isSecret } = optionOf(key)
    const typed = values.get(flag)
    const variable = variables.values.get(key)
    const text = typed ?? variable?.text
    if (text === undefined) continue
    const value = placeholder === undefined && typed !== undefined ? true : parse(text)
    if (value === undefined) {
      const name = typed === undefined ? variable?.name : `--${flag}`
      problems.push(`${name}: expected ${expected}, got ${isSecret ? '[secret]' : JSON.stringify(text)}`)
    } else read[key] = value
  }
  const options = read as unknown as CheckOptions
  if (!values.has('json')) return options
  if (values.has('format') && options.format !== 'json') {
    problems.push(`--json: contradicts --format ${options.format}`)
  }
  return { ...options, format: 'json' }
}
