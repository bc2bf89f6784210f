import { readFileSync } from 'node:fs'
import { type Flag, flags } from './flags.ts'
import { optionGroups, optionOf } from './options.ts'

/** Set by the bundler; the sources read package.json instead. */
declare const BUNDLED_VERSION: string | undefined

/** How to call the checker, every flag, the exit codes. */
export function helpText(): string {
  const groups = Object.entries(optionGroups).flatMap(([group, title]) => {
    const own = Object.entries(flags).filter(([, { key }]) => key !== undefined && optionOf(key).group === group)
    return [`${title}:`, ...own.map(line), '']
  })
  return [
    'usage: check [flags] url...',
    '',
    'Is the service up, the right version, its clock right? The paths are appended to each url.',
    '',
    ...groups,
    'Further:',
    ...Object.entries(flags)
      .filter(([, { key }]) => key === undefined)
      .map(line),
    '',
    'Durations have a unit: 500ms, 1s, 2m, 1h, 7d. Exactly a limit passes.',
    'Every option can stand in the environment, too, --max-offset as BAKEROLL_CHECK_MAX_OFFSET. What others can see in the list of',
    'processes is no place for a secret: @FILE reads it from a file, one on each line.',
    'Exit codes: 0 ok, 1 warning, 2 critical, 3 unknown (wrong usage, or the checker is not able to tell).',
    '',
  ].join('\n')
}

function line([name, { value, help }]: [string, Flag]): string {
  const said = `--${name}${value === undefined ? '' : ` ${value}`}`
  return `  ${said.padEnd(30)}${said.length >= 30 ? ' ' : ''}${help}`
}

/** The version of the checker, that of the package it came with. */
export function checkerVersion(): string {
  if (typeof BUNDLED_VERSION === 'string') return BUNDLED_VERSION
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
