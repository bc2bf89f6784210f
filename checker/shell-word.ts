/** Quotes a word for a POSIX shell, and for programs that split lines like one, unless it contains only safe characters. */
export function shellWord(word: string): string {
  return /^[\w@+=:,./-]+$/.test(word) ? word : singleQuoted(word)
}

/** Single-quoted, so that only the closing quote is special. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
