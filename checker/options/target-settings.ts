import { dirname, resolve } from 'node:path'
import type { CheckOptions } from './check-options.ts'
import { type OptionKey, optionKeys, optionOf } from './options.ts'
import { readSecrets } from './secrets.ts'

/** What is said of one target alone. */
export type TargetOptions = Partial<CheckOptions>

/** What can be said of one target: what is asked and what is right, but for what belongs to the whole run. */
export const targetKeys: readonly OptionKey[] = optionKeys.filter(
  (key) => ['ask', 'judge'].includes(optionOf(key).group) && !['targets', 'timeoutMs', 'ntp'].includes(key),
)

/** Settings that were read, and what is wrong with them or dangerous, without the place. */
export interface ReadSettings {
  readonly options: TargetOptions
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** A line as words; `"` holds blanks together, `\\` takes its meaning from what follows there, `#` begins a comment. */
export function wordsOf(line: string): string[] {
  const words = line.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*"|")+/g) ?? []
  const comment = words.findIndex((word) => word.startsWith('#'))
  return words
    .slice(0, comment === -1 ? words.length : comment)
    .map((word) => word.replace(/"((?:[^"\\]|\\.)*)"/g, (_, held: string) => held.replace(/\\(["\\])/g, '$1')))
}

/** Reads `key=value` words, keys as their flags; files start where `file` lies. `modules` can be named by `module=NAME`. */
export function readTargetSettings(
  words: readonly string[],
  file: string,
  modules: ReadonlyMap<string, TargetOptions>,
): ReadSettings {
  const problems: string[] = []
  const said = new Map<string, string[]>()
  for (const word of words) {
    const [, key, value = ''] = /^([\w-]+)=(.*)$/s.exec(word) ?? []
    if (key === undefined) problems.push('expected key=value; a value with blanks in it stands between double quotes')
    else said.set(key, [...(said.get(key) ?? []), value])
  }
  const base = moduleOf(said, modules, problems)
  const own: Record<string, unknown> = {}
  // What follows a secret with a blank in it may be a part of it.
  const mayBeSecret = targetKeys.some((key) => optionOf(key).isSecret && said.has(optionOf(key).flag))
  for (const [flag, values] of said) {
    const key = targetKeys.find((one) => optionOf(one).flag === flag)
    if (flag === 'module') continue
    if (key === undefined) {
      const what = mayBeSecret
        ? 'unknown setting, or a value with blanks in it without double quotes'
        : `${flag}: unknown setting`
      problems.push(`${what}, expected ${knownFlags(targetKeys)}`)
    } else own[key] = readValue(key, values, problems)
    const folder = dirname(file)
    if (key !== undefined && optionOf(key).isFile && typeof own[key] === 'string') own[key] = resolve(folder, own[key])
  }
  const read = readSecrets(own as TargetOptions, dirname(file))
  const options = Object.fromEntries(
    Object.entries({ ...base, ...read.options }).filter(([, value]) => value !== undefined),
  )
  return {
    options,
    problems: [...problems, ...read.problems.map(withoutDashes)],
    warnings: read.warnings.map(withoutDashes),
  }
}

/** The flags of some options, as people read them. */
export function knownFlags(keys: readonly OptionKey[]): string {
  return [...keys.map((key) => optionOf(key).flag), 'module'].join(', ')
}

/** Reads what somebody said of an option of a target; says what is wrong, without a secret. */
export function readValue(key: OptionKey, values: readonly string[], problems: string[]): unknown {
  const { flag, repeatable, parse, expected, isSecret } = optionOf(key)
  if (values.length > 1 && !repeatable) problems.push(`${flag}: given twice`)
  const text = values.join('\n')
  const value = parse(text)
  if (value === undefined)
    problems.push(`${flag}: expected ${expected}, got ${isSecret ? '[secret]' : JSON.stringify(text)}`)
  return value
}

function moduleOf(
  said: ReadonlyMap<string, readonly string[]>,
  modules: ReadonlyMap<string, TargetOptions>,
  problems: string[],
): TargetOptions {
  const [name, second] = said.get('module') ?? []
  if (name === undefined) return {}
  const found = modules.get(name)
  if (second !== undefined) problems.push('module: given twice')
  if (found === undefined) problems.push(`module: there is no ${JSON.stringify(name)} above`)
  return found ?? {}
}

function withoutDashes(line: string): string {
  return line.replace(/^--/, '')
}
