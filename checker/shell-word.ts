/** A word as a POSIX shell takes it, and what splits lines like one: as it is where nothing in it means more, else quoted. */
export function shellWord(word: string): string {
  return /^[\w@+=:,./-]+$/.test(word) ? word : singleQuoted(word)
}

/** Any text between single quotes, where nothing means more but the quote that ends it. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
