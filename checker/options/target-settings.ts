import { isWrong, type Place } from '../settings/kinds.ts'
import { complaints, filesNamed } from '../settings/read.ts'
import type { Setting } from '../settings/setting.ts'
import { type TargetOptionKey, type TargetOptions, targetOptions as table } from './target-options.ts'

/** The keys of everything that can be said of one target. */
export const targetKeys = Object.keys(table) as readonly TargetOptionKey[]

/** A file, and who names it. */
export interface NamedFile {
  readonly place: string
  readonly path: string
}

/** Settings that were read, and what is wrong with them, without the place. */
export interface ReadSettings {
  readonly options: TargetOptions
  readonly problems: readonly string[]
  /** What they name, each behind the flag that does. */
  readonly files: readonly NamedFile[]
}

/** A line as words; `"` holds blanks together, `\\` takes its meaning from what follows there, `#` begins a comment. */
export function wordsOf(line: string): string[] {
  const words = line.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*"|")+/g) ?? []
  const comment = words.findIndex((word) => word.startsWith('#'))
  return words
    .slice(0, comment === -1 ? words.length : comment)
    .map((word) => word.replace(/"((?:[^"\\]|\\.)*)"/g, (_, held: string) => held.replace(/\\(["\\])/g, '$1')))
}

/** Reads `key=value` words, keys as their flags. `modules` can be named by `module=NAME`. */
export async function readTargetSettings(
  words: readonly string[],
  place: Place,
  modules: ReadonlyMap<string, TargetOptions>,
): Promise<ReadSettings> {
  const problems: string[] = []
  const said = new Map<string, string[]>()
  for (const word of words) {
    const [, key, value = ''] = /^([\w-]+)=(.*)$/s.exec(word) ?? []
    if (key === undefined) problems.push('expected key=value; a value with blanks in it stands between double quotes')
    else said.set(key, [...(said.get(key) ?? []), value])
  }
  const base = moduleOf(said, modules, problems)
  const own: Record<string, unknown> = {}
  const files: NamedFile[] = []
  // What follows a secret with a blank in it may be a part of it.
  const mayBeSecret = targetKeys.some((key) => said.has(table[key].flag ?? '') && table[key].isSecret)
  for (const [flag, values] of said) {
    const key = targetKeys.find((one) => table[one].flag === flag)
    if (flag === 'module') continue
    if (key === undefined) {
      const what = mayBeSecret
        ? 'unknown setting, or a value with blanks in it without double quotes'
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

/** The flags of some options, as people read them. */
export function knownFlags(keys: readonly TargetOptionKey[]): string {
  return [...keys.map((key) => table[key].flag), 'module'].join(', ')
}

/** Reads what somebody said of an option of a target; says what is wrong, without a secret. */
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
  if (found === undefined) problems.push(`module: there is no ${JSON.stringify(name)} above`)
  return found ?? {}
}
