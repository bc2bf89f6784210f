/** A word as a POSIX shell takes it, and what splits lines like one: as it is where nothing in it means more, else in single quotes. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
