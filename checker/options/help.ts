import { readFileSync } from 'node:fs'
import { terminalColumns, wrapped } from '../outlets/wrapping.ts'
import { type Flag, flags } from './flags.ts'
import { optionGroups, optionOf } from './options.ts'

/** Set by the bundler; the sources read package.json instead. */
declare const BUNDLED_VERSION: string | undefined

/** How to call the checker, every flag, the exit codes; as wide as the terminal, at most 100 letters. */
export function helpText(columns = terminalColumns() ?? 100): string {
  const room = Math.min(columns, 100)
  const laidOut = (flag: [string, Flag]) => line(flag, room)
  const groups = Object.entries(optionGroups).flatMap(([group, title]) => {
    const own = Object.entries(flags).filter(([, { key }]) => key !== undefined && optionOf(key).group === group)
    return [`${title}:`, ...own.flatMap(laidOut), '']
  })
  const words = [
    'usage: check [flags] url...',
    '',
    'Is the service up, the right version, its clock right? The paths are appended to each url.',
    '',
    ...groups,
    'Further:',
    ...Object.entries(flags)
      .filter(([, { key }]) => key === undefined)
      .flatMap(laidOut),
    '',
    'Durations have a unit: 500ms, 1s, 2m, 1h, 7d. Exactly a limit passes.',
    'Every option can stand in the environment, too, --max-offset as BAKEROLL_CHECK_MAX_OFFSET. What others can see in the list of processes is no place for a secret: @FILE reads it from a file, one on each line.',
    'Exit codes: 0 ok, 1 warning, 2 critical, 3 unknown (wrong usage, or the checker is not able to tell).',
    '',
  ]
  return words.flatMap((text) => wrapped(text, room)).join('\n')
}

const leftColumns = 32

function line([name, { value, help }]: [string, Flag], room: number): string[] {
  const said = `  --${name}${value === undefined ? '' : ` ${value}`}`
  if (room < 2 * leftColumns) return [said, `      ${help}`]
  const lines = wrapped(`${' '.repeat(leftColumns)}${help}`, room)
  if (said.length >= leftColumns) return [said, ...lines]
  return [`${said}${lines[0]?.slice(said.length)}`, ...lines.slice(1)]
}

/** The version of the checker, that of the package it came with. */
export function checkerVersion(): string {
  if (typeof BUNDLED_VERSION === 'string') return BUNDLED_VERSION
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
