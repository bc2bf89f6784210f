import { wrapped } from '../formatters/wrapping.ts'
import { defaultText, type Setting } from './setting.ts'

/** What a page of help is written on. */
export interface Sheet {
  /** Lines are no longer, and never longer than 100 letters. */
  readonly columns?: number | undefined
  /** How a title is written. */
  title?(text: string): string
  /** Words a text for the way of calling. */
  reword?(text: string): string
}

/** A paragraph, or a name and what it means. */
export type Row = string | readonly [left: string, right: string]

export interface Block {
  readonly title?: string
  readonly rows: readonly Row[]
  /** How far the right side is indented. */
  readonly leftColumns?: number
}

/** How far what flags and settings mean is indented. */
export const flagColumns = 32
const longestLine = 100
/** With less room for the right side it stands below the left one. */
const leastRight = 30

/** The blocks of a page, an empty line between two. */
export function page(blocks: readonly Block[], sheet: Sheet): string {
  const { columns = longestLine, title = (text) => text } = sheet
  const room = Math.min(columns, longestLine)
  const laid = blocks.map(({ title: name, rows, leftColumns = 0 }) => [
    ...(name === undefined ? [] : [title(name)]),
    ...rows.flatMap((row) => laidOut(row, leftColumns, room, sheet)),
  ])
  return `${laid.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

/** What help says of a flag; `note` stands behind it. */
export function flagRows(setting: Setting<unknown>, note = ''): Row[] {
  const { flag, otherFlag, kind, help } = setting
  const placeholder = kind.placeholder === undefined ? '' : ` ${kind.placeholder}`
  const row: Row = [`  --${flag}${placeholder}`, `${help}${usually(setting)}${note}`]
  return otherFlag === undefined ? [row] : [row, [`  --${otherFlag}${placeholder}`, `another name of --${flag}`]]
}

/** The default of a setting as help has it, behind a blank. */
export function usually(setting: Setting<unknown>): string {
  const text = defaultText(setting)
  return text === '' ? '' : ` (default: ${text})`
}

function laidOut(row: Row, leftColumns: number, room: number, { reword = (text) => text }: Sheet): string[] {
  if (typeof row === 'string') return wrapped(reword(row), room)
  const left = reword(row[0])
  const right = reword(row[1])
  if (room - leftColumns < leastRight) return [...wrapped(left, room, 4), ...wrapped(`      ${right}`, room)]
  const lines = wrapped(`${' '.repeat(leftColumns)}${right}`, room)
  if (left.length >= leftColumns) return [...wrapped(left, room, 4), ...lines]
  return [`${left}${lines[0]?.slice(left.length)}`, ...lines.slice(1)]
}
