import { isWrong, type Place } from '../settings/kinds.ts'
import { complaints, filesNamed } from '../settings/read.ts'
import type { Setting } from '../settings/setting.ts'
import { type TargetOptionKey, type TargetOptions, targetOptions as table } from './target-options.ts'

export const targetKeys = Object.keys(table) as readonly TargetOptionKey[]

export interface NamedFile {
  readonly place: string
  readonly path: string
}

/** Problems are without the place. */
export interface ReadSettings {
  readonly options: TargetOptions
  readonly problems: readonly string[]
  /** Files that the settings name, each with its flag. */
  readonly files: readonly NamedFile[]
}

/** Splits a line into words; `"` quotes spaces, `\\` escapes inside quotes, `#` starts a comment. */
export function wordsOf(line: string): string[] {
  const words = line.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*"|")+/g) ?? []
  const comment = words.findIndex((word) => word.startsWith('#'))
  return words
    .slice(0, comment === -1 ? words.length : comment)
    .map((word) => word.replace(/"((?:[^"\\]|\\.)*)"/g, (_, held: string) => held.replace(/\\(["\\])/g, '$1')))
}

/** Parses `key=value` words, with flags as keys. `module=NAME` includes one of `modules`. */
export async function readTargetSettings(
  words: readonly string[],
  place: Place,
  modules: ReadonlyMap<string, TargetOptions>,
): Promise<ReadSettings> {
  const problems: string[] = []
  const said = new Map<string, string[]>()
  for (const word of words) {
    const [, key, value = ''] = /^([\w-]+)=(.*)$/s.exec(word) ?? []
    if (key === undefined) problems.push('expected key=value; a value with spaces needs double quotes')
    else said.set(key, [...(said.get(key) ?? []), value])
  }
  const base = moduleOf(said, modules, problems)
  const own: Record<string, unknown> = {}
  const files: NamedFile[] = []
  // A word after a secret may be part of it, if the value contains a space.
  const mayBeSecret = targetKeys.some((key) => said.has(table[key].flag ?? '') && table[key].isSecret)
  for (const [flag, values] of said) {
    const key = targetKeys.find((one) => table[one].flag === flag)
    if (flag === 'module') continue
    if (key === undefined) {
      const what = mayBeSecret
        ? 'unknown setting, or a value with spaces but no double quotes'
        : `${flag}: unknown setting`
      problems.push(`${what}, expected ${knownFlags(targetKeys)}`)
    } else {
      const value = await readValue(key, values, place, problems)
      if (value !== undefined) own[key] = value
      const whole = values.map((text) => table[key].kind.whole?.(text, place.folder) ?? text)
      files.push(...filesNamed(table[key], whole).map((path) => ({ place: flag, path })))
    }
  }
  return { options: { ...base, ...own }, problems, files }
}

export function knownFlags(keys: readonly TargetOptionKey[]): string {
  return [...keys.map((key) => table[key].flag), 'module'].join(', ')
}

/** Parses the value of a target's option; adds problems, without secrets. */
export async function readValue(
  key: TargetOptionKey,
  values: readonly string[],
  { folder, warn }: Place,
  problems: string[],
): Promise<unknown> {
  const option: Setting<unknown> = table[key]
  const { flag = '', kind } = option
  if (values.length > 1 && !kind.isRepeatable) problems.push(`${flag}: given twice`)
  const text = values.join('\n')
  const parsed = await kind.parse(text, { folder, warn: (line) => warn(`${flag}: ${line}`) })
  if (!isWrong(parsed)) return parsed
  problems.push(...complaints(option, flag, text, parsed))
  return undefined
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
  if (found === undefined) problems.push(`module: ${JSON.stringify(name)} is not defined above`)
  return found ?? {}
}
