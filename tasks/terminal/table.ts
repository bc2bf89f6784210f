import { stripVTControlCharacters } from 'node:util'

/** Aligns columns, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell))
  }
  const lines = rows.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return lines.join('\n')
}

/** Shortens a line to fit, ending in `…`; a shortened line loses its colours. */
export function truncate(line: string, widthColumns: number): string {
  if (width(line) <= widthColumns) return line
  const letters = [...stripVTControlCharacters(line)]
  return `${letters.slice(0, Math.max(0, widthColumns - 1)).join('')}…`
}

/** Columns on a terminal; colour codes take none. */
export function width(text: string): number {
  return [...stripVTControlCharacters(text)].length
}

function pad(cell: string, widthColumns: number): string {
  return cell + ' '.repeat(Math.max(0, widthColumns - width(cell)))
}
