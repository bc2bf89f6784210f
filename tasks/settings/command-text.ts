import { shellWord } from '../../checker/shell-word.ts'

/** A command as it is typed again: `npm run roll -- --surge 2`. */
export function commandText(verb: string, words: readonly string[]): string {
  const command = verb === 'test' ? 'npm test' : `npm run ${verb}`
  return words.length === 0 ? command : `${command} -- ${words.map(shellWord).join(' ')}`
}

/** The same words with one more flag, in front of what belongs to another command. */
export function withFlag(words: readonly string[], flag: string): string[] {
  const separator = words.indexOf('--')
  const end = separator === -1 ? words.length : separator
  return [...words.slice(0, end), flag, ...words.slice(end)]
}
