import { wrapped } from '../formatters/wrapping.ts'
import { defaultText, type Setting } from './setting.ts'

export interface Sheet {
  /** Maximum line length, never more than 100 letters. */
  readonly columns?: number | undefined
  /** Formats a title. */
  title?(text: string): string
  /** Adapts a text to how the program was called. */
  reword?(text: string): string
}

/** A paragraph, or a name with its meaning. */
export type Row = string | readonly [left: string, right: string]

export interface Block {
  readonly title?: string
  readonly rows: readonly Row[]
  /** Column of the right side. */
  readonly leftColumns?: number
}

/** Column where explanations of flags and settings start. */
export const flagColumns = 32
const longestLine = 100
/** With less room, the right side goes below the left one. */
const leastRight = 30

/** The blocks, separated by empty lines. */
export function page(blocks: readonly Block[], sheet: Sheet): string {
  const { columns = longestLine, title = (text) => text } = sheet
  const room = Math.min(columns, longestLine)
  const laid = blocks.map(({ title: name, rows, leftColumns = 0 }) => [
    ...(name === undefined ? [] : [title(name)]),
    ...rows.flatMap((row) => laidOut(row, leftColumns, room, sheet)),
  ])
  return `${laid.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

/** The help of a flag, followed by `note`. */
export function flagRows(setting: Setting<unknown>, note = ''): Row[] {
  const { flag, otherFlag, kind, help } = setting
  const placeholder = kind.placeholder === undefined ? '' : ` ${kind.placeholder}`
  const row: Row = [`  --${flag}${placeholder}`, `${help}${usually(setting)}${note}`]
  return otherFlag === undefined ? [row] : [row, [`  --${otherFlag}${placeholder}`, `another name of --${flag}`]]
}

/** A setting's default for help, with a leading space. */
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
