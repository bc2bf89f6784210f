import type { Kind } from './kinds.ts'
import { didYouMean } from './nearest.ts'
import { flagsOf, settingOf, verbsWithFlag } from './setting-names.ts'
import type { SettingKey } from './settings.ts'
import { type VerbName, verbs } from './verbs.ts'

/** A command line taken apart; `problems` is everything that is wrong with its shape. */
export interface CommandLine {
  readonly verb: VerbName
  readonly help: boolean
  readonly version: boolean
  /** What was said, each with the words that name it in a message. */
  readonly given: ReadonlyMap<SettingKey, { readonly name: string; readonly text: string }>
  readonly positionals: readonly string[]
  /** What comes after `--`. */
  readonly rest: readonly string[]
  readonly problems: readonly string[]
}

/** Takes the words after the verb apart: `--flag value`, `--flag=value`, `--switch`, and after `--` the rest. */
export function parseFlags(verb: VerbName, argv: readonly string[]): CommandLine {
  const flags = flagsOf(verb)
  const given = new Map<SettingKey, { name: string; text: string }>()
  const positionals: string[] = []
  const problems: string[] = []
  const asked = { help: false, version: false }
  const words = [...argv]
  const separator = words.indexOf('--')
  const rest = separator === -1 ? [] : words.splice(separator).slice(1)

  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--help' || word === '-h') asked.help = true
    else if (word === '--version') asked.version = true
    else if (/^-\D/.test(word)) takeFlag(word)
    else positionals.push(word)
  }
  placePositionals(verb, positionals, given, problems)
  if (rest.length > 0 && verbs[verb].rest === undefined) {
    if (verbs[verb].positionals?.many) positionals.push(...rest.splice(0))
    else problems.push(`unexpected after --: ${rest.join(' ')}`)
  }
  return { verb, ...asked, given, positionals, rest, problems }

  function takeFlag(word: string): void {
    const [, name = word, inline] = /^([^=]+)(?:=(.*))?$/s.exec(word) ?? []
    const key = name.startsWith('--') ? flags.get(name.slice(2)) : undefined
    if (key === undefined) {
      problems.push(unknownFlag(verb, name, [...flags.keys(), 'help', 'version']))
      // Its value, if it was meant to have one, is no positional.
      if (inline === undefined && words[0] !== undefined && !/^-|:\/\//.test(words[0])) words.shift()
      return
    }
    const { kind } = settingOf(key)
    const text = inline ?? nextValue(kind)
    const before = given.get(key)
    if (text === undefined) problems.push(`${name}: expected ${kind.expected}, got nothing`)
    else if (kind.isRepeatable && /[\r\n]/.test(text)) problems.push(`${name}: one value cannot have several lines`)
    else if (before === undefined) given.set(key, { name, text })
    else if (kind.isRepeatable) given.set(key, { name, text: `${before.text}\n${text}` })
    else problems.push(`${name}: given twice`)
  }

  /** The next word, unless it is a flag, or no value of a setting whose flag needs none. */
  function nextValue({ placeholder, bare, fromText }: Kind<unknown>): string | undefined {
    const [word] = words
    if (placeholder === undefined) return 'true'
    if (bare !== undefined && (word === undefined || fromText(word) === undefined)) return bare
    return word?.startsWith('--') ? undefined : words.shift()
  }
}

function unknownFlag(verb: VerbName, name: string, known: readonly string[]): string {
  const others = verbsWithFlag(name.replace(/^--/, ''))
  if (name.startsWith('--') && others.length > 0) return `${name}: not a flag of ${verb}; of ${listed(others)}`
  return `${name}: unknown flag${didYouMean(name.replace(/^-+/, ''), known, (flag) => `--${flag}`)}`
}

/** Checks how many there are; the one of `scale` is the setting `size`. */
function placePositionals(
  verb: VerbName,
  positionals: string[],
  given: Map<SettingKey, { name: string; text: string }>,
  problems: string[],
): void {
  const { name = '', many = false, required = false } = verbs[verb].positionals ?? {}
  const [first, ...others] = positionals
  if (required && first === undefined) {
    problems.push(`<${name}>: expected ${settingOf('size').kind.expected}, got nothing`)
  }
  const unexpected = many ? [] : name === '' ? positionals : others
  const advice = verbs[verb].rest === undefined ? '' : `; a ${verbs[verb].rest} comes after --`
  for (const word of unexpected) problems.push(`unexpected argument ${JSON.stringify(word)}${advice}`)
  if (verb === 'scale' && first !== undefined) given.set('size', { name: `<${name}>`, text: first })
}

function listed(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]+)$/, ' and $1')
}
