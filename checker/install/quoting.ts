import { shellWord } from '../shell-word.ts'

/** A POSIX shell command. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellWord).join(' ')
}

/**
 * Escapes a shell command for crontab(5), where `%` ends a command unless a backslash precedes it. A word with a backslash before
 * `%` already is split between the two.
 */
export function cronCommand(command: string): string {
  return command.replace(/\\?%/g, (found) => (found === '%' ? '\\%' : "\\''\\%"))
}

/** Quotes words for systemd's `ExecStart=`, without specifiers (%) and variables ($). */
export function systemdCommand(words: readonly string[]): string {
  return words
    .map((word) => {
      const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
      if (/^[\w@+=:,./%$-]+$/.test(plain)) return plain
      return `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
    })
    .join(' ')
}
