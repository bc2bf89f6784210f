import { readFileSync } from 'node:fs'
import { terminalColumns } from '../formatters/wrapping.ts'
import { type Block, flagColumns, flagRows, page, type Row } from '../settings/help-page.ts'
import { settings } from './command-line.ts'
import { optionGroups } from './options.ts'

/** Set by the bundler; the sources read package.json instead. */
declare const BUNDLED_VERSION: string | undefined

/** How to call the checker, every flag, the exit codes; as wide as the terminal, at most 100 letters. */
export function helpText(columns = terminalColumns()): string {
  const flagsOf = (group: string | undefined) =>
    [...settings.values()].filter((setting) => setting.group === group).flatMap((setting) => flagRows(setting))
  const further: Row[] = [
    ...flagsOf(undefined),
    ['  --help', 'print this help'],
    ['  --version', 'print the version of the checker'],
  ]
  const blocks: Block[] = [
    { rows: ['usage: check [flags] url...'] },
    { rows: ['Is the service up, the right version, its clock right? The paths are appended to each url.'] },
    ...Object.entries(optionGroups).map(([group, title]) => ({
      title: `${title}:`,
      rows: flagsOf(group),
      leftColumns: flagColumns,
    })),
    { title: 'Further:', rows: further, leftColumns: flagColumns },
    {
      rows: [
        'Durations have a unit: 500ms, 1s, 2m, 1h, 7d. Exactly a limit passes.',
        'Every option can stand in the environment, too, --max-offset as BAKEROLL_CHECK_MAX_OFFSET. What others can see in the list of processes is no place for a secret: @FILE reads it from a file, one on each line.',
        'Exit codes: 0 ok, 1 warning, 2 critical, 3 unknown (wrong usage, or the checker is not able to tell).',
      ],
    },
  ]
  return page(blocks, { columns })
}

/** The version of the checker, that of the package it came with. */
export function checkerVersion(): string {
  if (typeof BUNDLED_VERSION === 'string') return BUNDLED_VERSION
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
