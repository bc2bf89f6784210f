import { parseArgs } from 'node:util'
import { isWrong } from './kinds.ts'
import { didYouMean } from './nearest.ts'
import { flagsIn, type Setting } from './setting.ts'

/** A text, and the name of its source in messages. */
export interface Said {
  readonly name: string
  readonly text: string
}

/** A parsed command line; `problems` lists everything wrong with its syntax. */
export interface Words {
  readonly help: boolean
  readonly version: boolean
  /** The flags' values by setting key. */
  readonly given: ReadonlyMap<string, Said>
  readonly positionals: readonly string[]
  /** Everything after `--`. */
  readonly rest: readonly string[]
  readonly problems: readonly string[]
}

const asked = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } } as const
const place = { folder: '', warn: () => {} }

/** Parses `--flag value`, `--flag=value`, `--switch`, and the rest after `--`. `explain` may describe an unknown flag. */
export function cutWords(
  args: readonly string[],
  settings: ReadonlyMap<string, Setting<unknown>>,
  explain: (flag: string) => string | undefined = () => undefined,
): Words {
  const flags = flagsIn(settings)
  const options = Object.fromEntries([...flags].map(([name, key]) => [name, { type: typeOf(settings.get(key)) }]))
  const { tokens } = parseArgs({
    // Short flags cannot be combined.
    args: args.map((word) => (/^-[^-]./.test(word) ? `--${word}` : word)),
    options: { ...options, ...asked },
    strict: false,
    tokens: true,
  })
  const given = new Map<string, Said>()
  const positionals: string[] = []
  const rest: string[] = []
  const problems: string[] = []
  const names = new Set<string>()
  let end = Number.POSITIVE_INFINITY
  // The index of the word that the previous flag took as its value.
  let taken = -1
  for (const token of tokens) {
    const { kind, index } = token
    const word = args[index] ?? ''
    if (index === taken) continue
    if (kind === 'option-terminator') end = index
    else if (index > end) rest.push(word)
    else if (kind === 'positional' || /^-\d/.test(word)) positionals.push(word)
    else if (Object.hasOwn(asked, token.name) && token.inlineValue !== true) names.add(token.name)
    else taken = takeFlag(word, index, token.inlineValue === false ? args[index + 1] : undefined)
  }
  return { help: names.has('help'), version: names.has('version'), given, positionals, rest, problems }

  /** Returns the index of the next word if the flag took it, else -1. */
  function takeFlag(word: string, index: number, following: string | undefined): number {
    const [, name = word, inline] = /^([^=]+)(?:=(.*))?$/s.exec(word) ?? []
    const key = name.startsWith('--') ? flags.get(name.slice(2)) : undefined
    const next = args[index + 1]
    if (key === undefined) {
      const known = [...flags.keys(), ...Object.keys(asked)]
      const meant = didYouMean(name.replace(/^-+/, ''), known, (flag) => `--${flag}`)
      problems.push(`${name}: ${explain(name) ?? `unknown flag${meant}`}`)
      // Skip the unknown flag's value, so that it does not count as a positional.
      return inline === undefined && next !== undefined && !/^-|:\/\//.test(next) ? index + 1 : -1
    }
    const { kind } = settings.get(key) as Setting<unknown>
    const isBare = kind.bare !== undefined && inline === undefined
    const takesNext = isBare && next !== undefined && !isWrong(kind.parse(next, place))
    const separate = isBare ? (takesNext ? next : kind.bare) : following?.startsWith('--') ? undefined : following
    note(name, key, inline ?? (kind.placeholder === undefined ? 'true' : separate))
    return takesNext ? index + 1 : -1
  }

  function note(name: string, key: string, text: string | undefined): void {
    const { kind } = settings.get(key) as Setting<unknown>
    const before = given.get(key)
    if (text === undefined) problems.push(`${name}: expected ${kind.expected}, got nothing`)
    else if (kind.isRepeatable && /[\r\n]/.test(text)) problems.push(`${name}: one value cannot have several lines`)
    else if (before === undefined) given.set(key, { name, text })
    else if (kind.isRepeatable) given.set(key, { name, text: `${before.text}\n${text}` })
    else problems.push(`${name}: given twice${before.name === name ? '' : `, first as ${before.name}`}`)
  }
}

/** For a flag with an optional value, Node must not take the next word. */
function typeOf(setting: Setting<unknown> | undefined): 'boolean' | 'string' {
  return setting?.kind.placeholder === undefined || setting.kind.bare !== undefined ? 'boolean' : 'string'
}
