import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { outputProblem } from '../formatters/output-file.ts'
import { type CheckOptions, options as table } from './options.ts'
import { file } from './target-options.ts'

const written = ['output', 'badge', 'page', 'historyFile'] as const

/** Problems of files to be written, found by trying; one line each. */
export function fileProblems(options: CheckOptions): string[] {
  return [...unwritable(options), ...namedTwice(options)]
}

function unwritable(options: CheckOptions): string[] {
  return written.flatMap((key) => {
    const path = options[key]
    const problem = path === undefined ? undefined : outputProblem(path)
    return problem === undefined ? [] : [`--${table[key].flag}: ${problem}`]
  })
}

type OptionKey = keyof CheckOptions

/** Writing a file would destroy what another option keeps or reads there, on every run. */
function namedTwice(options: CheckOptions): string[] {
  const first = new Map<string, OptionKey>()
  return (Object.keys(table) as OptionKey[]).flatMap((key) => {
    const named = fileOf(options, key)
    if (named === undefined) return []
    const path = wholePath(named)
    const other = first.get(path)
    if (other === undefined) first.set(path, key)
    const isHarmless = other === undefined || (!isWritten(key) && !isWritten(other))
    return isHarmless ? [] : [`--${table[key].flag}: ${path} is also the file of --${table[other].flag}`]
  })
}

function fileOf(options: CheckOptions, key: OptionKey): string | undefined {
  if (key === 'targets') return options.targets?.file
  return table[key].kind === file ? (options[key] as string | undefined) : undefined
}

function isWritten(key: OptionKey): boolean {
  return key === 'state' || (written as readonly OptionKey[]).includes(key)
}

/** With links resolved, if the file exists. */
function wholePath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}
