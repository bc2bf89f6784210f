import { shellWord } from '../../checker/shell-word.ts'

/** The command to repeat a call: `npm run roll -- --surge 2`. */
export function commandText(verb: string, words: readonly string[]): string {
  const command = verb === 'test' ? 'npm test' : `npm run ${verb}`
  return words.length === 0 ? command : `${command} -- ${words.map(shellWord).join(' ')}`
}

/** Adds a flag, in front of a `--` and what follows it. */
export function withFlag(words: readonly string[], flag: string): string[] {
  const separator = words.indexOf('--')
  const end = separator === -1 ? words.length : separator
  return [...words.slice(0, end), flag, ...words.slice(end)]
}
