import { commandText } from './command-text.ts'
import { flagsOf } from './settings.ts'
import type { VerbName } from './verbs.ts'

/** What npm took for itself because `--` was missing, one message each, and the intended command. */
export interface KeptByNpm {
  readonly problems: readonly string[]
  readonly command: string
}

/** Options for npm itself, on running scripts or installing packages; these take a value. */
const ofNpmWithValue =
  /^--(loglevel|prefix|registry|cache|userconfig|globalconfig|script-shell|logs-dir|logs-max|omit|include)$/
const ofNpm =
  /^--(if-present|ignore-scripts|foreground-scripts|color|no-color|offline|prefer-offline|no-update-notifier|no-progress|timing)$/

/** npm reads `--plan` as its own short options, one per letter. */
const lettersOfPlan = ['--parseable', '--long', '--all', '--no-yes']

/**
 * Searches npm's own command line (`npmWords`) for what was meant for the verb: a dry run must not become a real one.
 * After the name of the verb that is everything npm does not need to run a script; before it, flags of the verb.
 */
export function keptByNpm(verb: VerbName, words: readonly string[]): KeptByNpm | undefined {
  const flags = new Set([...flagsOf(verb).keys()].map((name) => `--${name}`))
  const separator = words.indexOf('--')
  const typed = withPlan(separator === -1 ? words : words.slice(0, separator))
  const passed = separator === -1 ? [] : words.slice(separator + 1)
  const place = Math.max(0, typed.indexOf(verb))
  const before = typed.slice(0, place).filter((word) => flags.has(word))
  const after = withoutOptionsOfNpm(typed.slice(place + 1))
  const kept = [...before, ...after.filter((word) => word.startsWith('-'))]
  if (kept.length === 0) return undefined
  return {
    problems: kept.map((word) => `${word}: npm kept it for itself; what is meant for ${verb} comes after --`),
    command: commandText(verb, [...before, ...after, ...passed]),
  }
}

/** Flags that npm has as well, and that a user may have set for npm itself. */
const alsoOfNpm = new Set(['json', 'yes', 'force', 'ca'])

/**
 * The fallback when npm's command line cannot be read: npm passes options that differ from their defaults as
 * `npm_config_...` (https://docs.npmjs.com/cli/using-npm/config).
 */
export function flagsKeptByNpm(verb: VerbName, env: NodeJS.ProcessEnv): string[] {
  if (env.npm_lifecycle_event === undefined) return []
  const told = (option: string) => env[`npm_config_${option.replaceAll('-', '_')}`]
  const isKept = (flag: string) => {
    if (flag === 'plan') return ['parseable', 'long', 'all'].every(told)
    return told(flag === 'engine' ? 'engine-strict' : flag) && !alsoOfNpm.has(flag)
  }
  return [...flagsOf(verb).keys()]
    .filter(isKept)
    .map((flag) => `--${flag}: npm kept it for itself; write npm run ${verb} -- --${flag}`)
}

function withPlan(words: readonly string[]): string[] {
  const at = words.findIndex((_, start) => lettersOfPlan.every((letter, index) => words[start + index] === letter))
  return at === -1 ? [...words] : words.toSpliced(at, lettersOfPlan.length, '--plan')
}

function withoutOptionsOfNpm(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    const before = words[index - 1] ?? ''
    // npm reads our `--verbose` as a log level.
    if (before === '--loglevel' && word === 'verbose') return ['--verbose']
    return ofNpm.test(word) || ofNpmWithValue.test(word) || ofNpmWithValue.test(before) ? [] : [word]
  })
}
