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
    const { flag, repeatable } = optionOf(key)
    const values = [said].flat().flatMap((text) => {
      if (!text.startsWith('@')) return [text]
      const found = readLines(resolve(folder, text.slice(1)), repeatable === true)
      if ('problem' in found) problems.push(`--${flag}: ${found.problem}`)
      else if (found.warning !== undefined) warnings.push(`--${flag}: ${found.warning}`)
      return 'problem' in found ? [] : found.lines
    })
    read[key] = values.length === 0 ? undefined : repeatable ? values : values[0]
  }
  return { options: read as Options, problems, warnings }
}

/** The values as they were said, files by their whole path: what somebody else may read again. */
export function secretsAsSaid(said: string | readonly string[]): string[] {
  return [said].flat().map((text) => (text.startsWith('@') ? `@${resolve(text.slice(1))}` : text))
}

type Lines = { readonly lines: readonly string[]; readonly warning?: string } | { readonly problem: string }

function readLines(path: string, mayBeSeveral: boolean): Lines {
  const text = readText(path)
  if (typeof text !== 'string') return text
  const all = text
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
  const lines = mayBeSeveral ? all.filter((line) => !/^\s*(#|$)/.test(line)) : all
  if (lines.every((line) => line === '')) return { problem: `${path} is empty` }
  if (lines.length > 1 && !mayBeSeveral) return { problem: `${path} has ${lines.length} lines, expected one` }
  const isOpen = (statSync(path).mode & 0o004) !== 0
  return isOpen ? { lines, warning: `others may read ${path}: chmod 600 ${path}` } : { lines }
}

/** Nothing that could keep us waiting, or never ends. */
function readText(path: string): string | { readonly problem: string } {
  try {
    const found = statSync(path)
    // What a shell hands over, `@<(pass show check)`, is a pipe.
    if (!found.isFile() && !(found.isFIFO() && /^\/(dev|proc\/self)\/(fd\/|stdin)/.test(path))) {
      return { problem: `${path} is not a regular file` }
    }
    if (found.size > longestBytes) return { problem: `${path} is longer than ${longestBytes / 1024} KiB` }
    return readFileSync(path, 'utf8')
  } catch (error) {
    return { problem: `cannot read ${path}: ${error instanceof Error ? error.message : error}` }
  }
}
