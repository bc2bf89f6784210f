import { type Option, type OptionKey, optionKeys, optionOf } from './options.ts'

/** A flag of the checker: what its value is called (none for a switch), and what it does. */
export interface Flag {
  readonly value?: string
  readonly help: string
  /** The option that it says. */
  readonly key?: OptionKey
}

/** The flags of the checker alone: one for each option, and what belongs to its command line only. */
export const flags: Readonly<Record<string, Flag>> = {
  ...Object.fromEntries(optionKeys.map((key) => [optionOf(key).flag, { ...flagOf(key), key }])),
  json: { help: 'the same as --format json' },
  help: { help: 'print this help' },
  version: { help: 'print the version of the checker' },
}

function flagOf(key: OptionKey): Flag {
  const { value, help, default: usual } = optionOf(key)
  return { ...(value === undefined ? {} : { value }), help: usual === undefined ? help : `${help} (default ${usual})` }
}

/**
 * A command line taken apart: each flag with its value (empty for a switch, one line each for one that is
 * repeated), the rest in order, and what is wrong.
 */
export interface ParsedFlags {
  readonly values: ReadonlyMap<string, string>
  readonly rest: readonly string[]
  readonly problems: readonly string[]
}

/** Takes a command line apart: `--flag value`, `--flag=value`, `--switch`; after `--` everything is a url. */
export function parseFlags(argv: readonly string[]): ParsedFlags {
  const values = new Map<string, string>()
  const rest: string[] = []
  const problems: string[] = []
  const words = [...argv]
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') {
      rest.push(...words.splice(0))
    } else if (!word.startsWith('-') || word === '-') {
      rest.push(word)
    } else {
      takeFlag(word)
    }
  }
  return { values, rest, problems }

  function takeFlag(word: string): void {
    const [, dashed = word, inline] = /^(--[^=]+)(?:=(.*))?$/s.exec(word) ?? []
    const name = dashed.slice(2)
    if (!isFlagName(name) || !dashed.startsWith('--')) {
      problems.push(`${dashed}: unknown flag${suggestion(name)}`)
      // Its value, if it was meant to have one, is no url.
      if (inline === undefined && words[0] !== undefined && !/^-|:\/\//.test(words[0])) words.shift()
      return
    }
    const { value: placeholder, key } = flags[name] as Flag
    const option = key === undefined ? undefined : optionOf(key)
    if (placeholder === undefined) {
      if (inline !== undefined) problems.push(`--${name}: takes no value, got ${JSON.stringify(inline)}`)
      if (values.has(name)) problems.push(`--${name}: given twice`)
      values.set(name, '')
      return
    }
    const value = inline ?? nextValue(option)
    const before = values.get(name)
    if (value === undefined) problems.push(`--${name}: expected a value (${placeholder})`)
    if (before !== undefined && option?.repeatable === undefined) problems.push(`--${name}: given twice`)
    if (value !== undefined && option?.repeatable && /[\r\n]/.test(value))
      problems.push(`--${name}: one value cannot have several lines`)
    else if (value !== undefined)
      values.set(name, option?.repeatable && before !== undefined ? `${before}\n${value}` : value)
  }

  /** The next word, unless it is a flag, or no value of an option that needs none. */
  function nextValue(option: Option<unknown> | undefined): string | undefined {
    const [word] = words
    if (option?.bare !== undefined && (word === undefined || option.parse(word) === undefined)) return option.bare
    return word?.startsWith('--') ? undefined : words.shift()
  }
}

function isFlagName(name: string): boolean {
  return Object.hasOwn(flags, name)
}

function suggestion(name: string): string {
  const nearest = Object.keys(flags)
    .map((flag) => ({ flag, distance: editDistance(name, flag) }))
    .toSorted((a, b) => a.distance - b.distance)[0]
  const isNear = nearest !== undefined && nearest.distance <= Math.max(2, name.length / 3)
  return isNear && nearest.distance < name.length ? `; did you mean --${nearest.flag}?` : ''
}

/** Levenshtein's: how many letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
