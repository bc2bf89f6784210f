import { shellWord } from '../shell-word.ts'

/** Words as one command of a POSIX shell. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellWord).join(' ')
}

/**
 * A shell command as crontab(5) wants it: a percent sign would end the command, and a backslash takes that from it. One that
 * stands before the percent sign already would take part, so the word is taken apart between the two.
 */
export function cronCommand(command: string): string {
  return command.replace(/\\?%/g, (found) => (found === '%' ? '\\%' : "\\''\\%"))
}

/** Words as systemd's `ExecStart=`: neither its specifiers (%) nor its variables ($) are meant. */
export function systemdCommand(words: readonly string[]): string {
  return words
    .map((word) => {
      const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
      if (/^[\w@+=:,./%$-]+$/.test(plain)) return plain
      return `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
    })
    .join(' ')
}
