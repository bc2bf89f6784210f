/** Part of a row in one style: a letter each, `g` for green. */
export interface Span {
  readonly text: string
  readonly style: string
}

/** A terminal that keeps all rows: nothing scrolls away. */
export interface TerminalScreen {
  write(text: string): void
  rows(): Span[][]
}

const styles: Readonly<Record<string, string>> = { 1: 'b', 2: 'd', 31: 'r', 32: 'g', 33: 'y', 36: 'c', 90: 'd' }
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what a control sequence begins with.
const sequence = /\u001b\[([\d;?]*)([A-Za-z])|\u001b\][^\u0007]*\u0007|[\s\S]/gu
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const unfinished = /\u001b(?:\[[\d;?]*|\][^\u0007]*)?$/

/**
 * Supports the control sequences of bakeroll and npm: CR, LF, CUU, CHA, ED, EL, SGR
 * (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html).
 */
export function openTerminalScreen(): TerminalScreen {
  const rows: { character: string; style: string }[][] = [[]]
  let row = 0
  let column = 0
  let style = ''
  let rest = ''

  function obey(command: string, parameter: string): void {
    const count = Number(parameter) || 1
    if (command === 'A') row = Math.max(0, row - count)
    if (command === 'G') column = count - 1
    if (command === 'J') rows.length = row + 1
    if (command === 'J' || command === 'K') rows[row]?.splice(column)
    if (command !== 'm') return
    for (const code of (parameter || '0').split(';')) style = styles[code] ?? (/^(0|22|39)$/.test(code) ? '' : style)
  }

  function put(character: string): void {
    if (character === '\r') column = 0
    else if (character === '\n') rows[++row] ??= []
    else if (character >= ' ') (rows[row] ?? [])[column++] = { character, style }
  }

  return {
    write(text) {
      const all = rest + text
      rest = unfinished.exec(all)?.[0] ?? ''
      for (const [whole, parameter = '', command] of all.slice(0, all.length - rest.length).matchAll(sequence)) {
        if (command !== undefined) obey(command, parameter)
        else put(whole)
      }
    },
    rows: () => rows.map(spansOf),
  }
}

function spansOf(row: readonly { character: string; style: string }[]): Span[] {
  const spans: { text: string; style: string }[] = []
  for (const { character, style } of Array.from(row, (cell) => cell ?? { character: ' ', style: '' })) {
    const last = spans.at(-1)
    if (last?.style === style) last.text += character
    else spans.push({ text: character, style })
  }
  return spans
}
