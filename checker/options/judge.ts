import { openWarning } from '../settings/secret-file.ts'
import { contradictions, needsTargets } from './contradictions.ts'
import { fileProblems } from './file-problems.ts'
import { type CheckOptions, checkSettings } from './options.ts'
import { identityOf } from './settings.ts'
import { readTargets, type TargetList } from './target-list.ts'

/** Targets, and the problems of urls and options together. */
export interface Judged {
  /** Undefined: none were named. */
  readonly list: TargetList | undefined
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * Validates parsed options and targets together, before the first request. Skips problems that involve options in `unread`. With
 * `mayHaveNone`, the caller knows what to check when no url is named.
 */
export async function judgeCheck(
  urls: readonly string[],
  options: CheckOptions,
  { unread = new Set(), mayHaveNone = false }: { unread?: ReadonlySet<string>; mayHaveNone?: boolean } = {},
): Promise<Judged> {
  const isNamed = urls.length > 0 || options.targets !== undefined
  const list = isNamed || !(mayHaveNone || unread.has('check.targets')) ? readTargets(urls, options.targets) : undefined
  // An exporter may have modules only, and no targets.
  const isNeeded = needsTargets(options) || urls.length > 0 || (options.serve !== undefined && !list?.isEmpty)
  const found = [...(await optionProblems(options)), ...(await targetProblems(list, options))]
  const flags = [...unread].map((key) => new RegExp(`--${checkSettings.get(key)?.flag}(?![\\w-])`))
  return {
    list,
    problems: [
      ...found.filter((problem) => !flags.some((flag) => flag.test(problem))),
      ...(isNeeded ? (list?.problems ?? []) : []),
    ],
    warnings: keyWarnings(options),
  }
}

async function optionProblems(options: CheckOptions): Promise<string[]> {
  return [
    ...contradictions(options),
    ...fileProblems(options),
    ...(await trustProblems(options)),
    ...requestProblems(options),
    ...(await stateProblems(options)),
    ...(await historyProblems(options)),
    ...(await installProblems(options)),
    ...(await webProblems(options)),
  ]
}

/** Problems of the options of single targets and modules that the run's own options do not have. */
async function targetProblems(list: TargetList | undefined, options: CheckOptions): Promise<string[]> {
  // What /probe may send concerns only modules.
  const alone: CheckOptions = { ...options, serve: undefined }
  const named = (list?.targets ?? []).map(({ url, options: own }) => ({ place: url, own, base: alone }))
  const modules = [...(options.targets?.modules ?? [])]
  const reusable = modules.map(([name, own]) => ({ place: `module ${name}`, own, base: options }))
  const problems: string[] = []
  for (const { place, own, base } of [...named, ...reusable]) {
    if (own === undefined) continue
    const known = new Set(contradictions(base))
    const merged = { ...base, ...own }
    const found = [...contradictions(merged), ...(await trustProblems(merged)), ...requestProblems(merged)]
    problems.push(...found.filter((problem) => !known.has(problem)).map((problem) => `${place}: ${problem}`))
  }
  return problems
}

/** The key may be in the certificate's file. */
function keyWarnings(options: CheckOptions): string[] {
  const files = [options, ...(options.targets?.named ?? []).map(({ options: own }) => own)].flatMap(
    (said) => said?.key ?? said?.cert ?? [],
  )
  return [...new Set(files)].flatMap((file) => {
    const warning = openWarning(file)
    return warning === undefined ? [] : [`--key: ${warning}`]
  })
}

async function trustProblems(options: CheckOptions): Promise<string[]> {
  const problems: string[] = []
  if (options.ca !== undefined) {
    const { trustProblem } = await import('../probe/trust.ts')
    problems.push(...told('ca', trustProblem(options.ca)))
  }
  const identity = identityOf(options)
  if (identity !== undefined) {
    const { identityProblem } = await import('../probe/identity.ts')
    problems.push(...told('cert', identityProblem(identity)))
  }
  return problems
}

function requestProblems({ header = [], authorization }: CheckOptions): string[] {
  const names = header.map(({ name }) => name.toLowerCase())
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return [
    ...told('header', twice && `${twice} is given twice`),
    ...told(
      'authorization',
      authorization && names.includes('authorization') ? 'is also given as a --header' : undefined,
    ),
  ]
}

async function webProblems({ webConfig }: CheckOptions): Promise<string[]> {
  if (webConfig === undefined) return []
  const { webConfigProblem } = await import('../exporter/web-config.ts')
  return told('web-config', await webConfigProblem(webConfig))
}

async function historyProblems({ historyFile }: CheckOptions): Promise<string[]> {
  if (historyFile === undefined) return []
  const { historyProblem } = await import('../history/history.ts')
  return told('history-file', await historyProblem(historyFile))
}

async function installProblems(options: CheckOptions): Promise<string[]> {
  if (options.install === undefined) return []
  const { everyProblem } = await import('../install/problems.ts')
  return told('every', everyProblem(options))
}

async function stateProblems({ state }: CheckOptions): Promise<string[]> {
  if (state === undefined) return []
  const { stateProblem } = await import('../alarm/state-file.ts')
  return told('state', stateProblem(state))
}

function told(flag: string, problem: string | undefined): string[] {
  return problem === undefined ? [] : [`--${flag}: ${problem}`]
}
