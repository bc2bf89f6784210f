import { readFileSync } from 'node:fs'
import { flags } from './flags.ts'

/** Set by the bundler; the sources read package.json instead. */
declare const BUNDLED_VERSION: string | undefined

/** How to call the checker, every flag, the exit codes. */
export function helpText(): string {
  const lines = Object.entries(flags).map(([name, { value, help }]) => {
    return `  ${`--${name}${value === undefined ? '' : ` ${value}`}`.padEnd(30)}${help}`
  })
  return [
    'usage: check [flags] url...',
    '',
    'Is the service up, the right version, its clock right? The paths are appended to each url.',
    '',
    ...lines,
    '',
    'Durations have a unit: 500ms, 1s, 2m, 1h. Exactly a limit passes.',
    'Exit codes: 0 ok, 1 warning, 2 critical, 3 unknown (wrong usage, or the checker is not able to tell).',
    '',
  ].join('\n')
}

/** The version of the checker, that of the package it came with. */
export function checkerVersion(): string {
  if (typeof BUNDLED_VERSION === 'string') return BUNDLED_VERSION
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
}
