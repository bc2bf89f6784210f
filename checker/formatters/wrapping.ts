/** A word longer than a line may be broken after these. */
const breakable = /[|,/=:;&?]/

/**
 * Wraps a line at spaces to at most `columns` letters; breaks a word only if it is longer than a line. Each line keeps the first
 * one's margin, and later ones are indented by `hanging` more.
 */
export function wrapped(line: string, columns: number, hanging = 0): string[] {
  const [blanks = ''] = /^ */.exec(line) ?? []
  const margin = blanks.slice(0, Math.max(0, columns - 10))
  const lines: string[] = []
  let text = ''
  const indent = () =>
    margin + ' '.repeat(lines.length === 0 ? 0 : Math.min(hanging, Math.max(0, columns - 10 - margin.length)))
  const room = () => Math.max(1, columns - indent().length)
  const end = (letters: string) => void lines.push(`${indent()}${letters}`.trimEnd())
  for (const word of line.trim().split(/(?<= )(?=[^ ])/)) {
    if (text !== '' && lettersOf(text + word.trimEnd()).length > room()) {
      end(text)
      text = ''
    }
    let letters = lettersOf(word)
    while (lettersOf(letters.join('').trimEnd()).length > room()) {
      const last = letters.slice(0, room()).findLastIndex((letter) => breakable.test(letter))
      const count = last < room() / 3 ? room() : last + 1
      end(letters.slice(0, count).join(''))
      letters = letters.slice(count)
    }
    text += letters.join('')
  }
  end(text)
  return lines
}

function lettersOf(text: string): string[] {
  return [...text]
}

/** The width of the terminal on stdout, 80 if it does not know; undefined without a terminal. */
export function terminalColumns(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns || 80 : undefined
}

/** Wraps lines to the terminal. */
export function fitted(lines: readonly string[], columns = terminalColumns(), hanging = 0): string[] {
  return columns === undefined ? [...lines] : lines.flatMap((line) => wrapped(line, columns, hanging))
}
