import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { CheckOptions } from './check-options.ts'
import { type OptionKey, optionKeys, optionOf } from './options.ts'

/** Options whose `@FILE` were read. */
export interface ReadSecrets<Options> {
  readonly options: Options
  /** What is wrong, one line each, never with a secret in it; such an option is left out. */
  readonly problems: readonly string[]
  /** What is dangerous, and no reason not to go on. */
  readonly warnings: readonly string[]
}

const longestBytes = 64 * 1024

/** The options that may hold a secret: each may be `@FILE`, whose lines are then its values. */
export const secretKeys: readonly OptionKey[] = optionKeys.filter((key) => optionOf(key).isSecret)

/** Reads every `@FILE` there is, from `folder` on where its path is not absolute. */
export function readSecrets<Options extends Partial<CheckOptions>>(
  options: Options,
  folder = '.',
): ReadSecrets<Options> {
  const read: Record<string, unknown> = { ...options }
  const problems: string[] = []
  const warnings: string[] = []
  for (const key of secretKeys) {
    const said = options[key] as string | readonly string[] | undefined
    if (said === undefined) continue
    const { flag, repeatable, judge = () => undefined } = optionOf(key)
    const tell = (problem: string) => problems.push(`--${flag}: ${problem}`)
    const found = [said].flat().flatMap((text): readonly Line[] => {
      if (!text.startsWith('@')) return [{ text }]
      const read = readLines(resolve(folder, text.slice(1)), repeatable === true)
      if ('problem' in read) tell(read.problem)
      else if (read.warning !== undefined) warnings.push(`--${flag}: ${read.warning}`)
      return 'problem' in read ? [] : read.lines
    })
    const values = found.flatMap(({ text, place }) => {
      const problem = judge(text)
      if (problem !== undefined) tell(place === undefined ? problem : `${place}: ${problem}`)
      return problem === undefined ? [text] : []
    })
    read[key] = values.length === 0 ? undefined : repeatable ? values : values[0]
  }
  const { cert, key = cert } = options
  const keyFile = key === undefined ? undefined : resolve(folder, key)
  if (keyFile !== undefined && isOpen(keyFile)) warnings.push(`--key: ${advice(keyFile)}`)
  return { options: read as Options, problems, warnings }
}

/** The values as they were said, files by their whole path: what somebody else may read again. Throws where nobody can. */
export function secretsAsSaid(said: string | readonly string[]): string[] {
  return [said].flat().map((text) => {
    if (!text.startsWith('@')) return text
    const path = resolve(text.slice(1))
    if (isHandedOver(path)) throw new Error(`${path} is there for this run alone; name a file that stays`)
    return `@${path}`
  })
}

/** What a shell hands over, `@<(pass show check)`. */
export function isHandedOver(path: string): boolean {
  return /^\/(dev|proc\/[\w-]+)\/(fd\/|stdin$)/.test(path)
}

interface Line {
  readonly text: string
  /** `FILE:LINE`; absent: it stands in no file. */
  readonly place?: string
}

type Lines = { readonly lines: readonly Line[]; readonly warning?: string } | { readonly problem: string }

function readLines(path: string, mayBeSeveral: boolean): Lines {
  const text = readText(path)
  if (typeof text !== 'string') return text
  const all = text
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ text: line, place: `${path}:${index + 1}` }))
  const lines = mayBeSeveral ? all.filter(({ text: line }) => !/^\s*(#|$)/.test(line)) : all
  if (lines.every(({ text: line }) => line === '')) return { problem: `${path} is empty` }
  if (lines.length > 1 && !mayBeSeveral) return { problem: `${path} has ${lines.length} lines, expected one` }
  return isOpen(path) ? { lines, warning: advice(path) } : { lines }
}

/** Whether other users may read it; that of a group is given on purpose. */
function isOpen(path: string): boolean {
  return ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o004) !== 0
}

function advice(path: string): string {
  return `others may read ${path}: chmod 600 ${path}`
}

/** Nothing that could keep us waiting, or never ends. */
function readText(path: string): string | { readonly problem: string } {
  try {
    const found = statSync(path)
    if (!found.isFile() && !(found.isFIFO() && isHandedOver(path))) {
      return { problem: `${path} is not a regular file` }
    }
    if (found.size > longestBytes) return { problem: `${path} is longer than ${longestBytes / 1024} KiB` }
    return readFileSync(path, 'utf8')
  } catch (error) {
    return { problem: `cannot read ${path}: ${error instanceof Error ? error.message : error}` }
  }
}
