import { cutWords, type Said, type Words } from '../../checker/settings/flags.ts'
import { settings, settingsOf, verbsWithFlag } from './settings.ts'
import { type VerbName, verbs } from './verbs.ts'

export interface CommandLine extends Words {
  readonly verb: VerbName
}

/** Parses the words after the verb, and checks its arguments other than flags. */
export function parseCommandLine(verb: VerbName, argv: readonly string[]): CommandLine {
  const { many = false } = verbs[verb].positionals ?? {}
  const words = cutWords(argv, settingsOf(verb), (flag) => {
    const others = flag.startsWith('--') ? verbsWithFlag(flag.slice(2)) : []
    return others.length === 0 ? undefined : `not a flag of ${verb}; of ${listed(others)}`
  })
  const given = new Map(words.given)
  const problems = [...words.problems, ...positionalProblems(verb, words.positionals, given)]
  if (words.rest.length === 0 || verbs[verb].rest !== undefined) return { ...words, verb, given, problems }
  if (many) return { ...words, verb, given, problems, positionals: [...words.positionals, ...words.rest], rest: [] }
  return { ...words, verb, given, problems: [...problems, `unexpected after --: ${words.rest.join(' ')}`] }
}

/** Checks their number; the one of `scale` is the setting `size`. */
function positionalProblems(verb: VerbName, positionals: readonly string[], given: Map<string, Said>): string[] {
  const { name = '', many = false, required = false } = verbs[verb].positionals ?? {}
  const [first, ...others] = positionals
  if (verb === 'scale' && first !== undefined) given.set('size', { name: `<${name}>`, text: first })
  const unexpected = many ? [] : name === '' ? positionals : others
  const advice = verbs[verb].rest === undefined ? '' : `; a ${verbs[verb].rest} comes after --`
  return [
    ...(required && first === undefined ? [`<${name}>: expected ${expectedOf(verb)}, got nothing`] : []),
    ...unexpected.map((word) => `unexpected argument ${JSON.stringify(word)}${advice}`),
  ]
}

function expectedOf(verb: VerbName): string {
  return verb === 'scale' ? (settings.get('size')?.kind.expected ?? '') : `a ${verbs[verb].positionals?.name}`
}

function listed(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]+)$/, ' and $1')
}
