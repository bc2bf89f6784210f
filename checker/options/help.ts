import { readFileSync } from 'node:fs'
import { terminalColumns } from '../formatters/wrapping.ts'
import { type Block, flagColumns, flagRows, page, type Row } from '../settings/help-page.ts'
import { settings } from './command-line.ts'
import { optionGroups } from './options.ts'

/** Set by the bundler; sources read package.json instead. */
declare const BUNDLED_VERSION: string | undefined

/** Usage, all flags and exit codes, wrapped to the terminal, at most 100 letters wide. */
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
    { rows: ['Is the service up, is it the right version, is its clock right? The paths are appended to each url.'] },
    ...Object.entries(optionGroups).map(([group, title]) => ({
      title: `${title}:`,
      rows: flagsOf(group),
      leftColumns: flagColumns,
    })),
    { title: 'Further:', rows: further, leftColumns: flagColumns },
    {
      rows: [
        'Durations have a unit: 500ms, 1s, 2m, 1h, 7d. A value exactly at a limit passes.',
        'Every option can also be set in the environment, --max-offset as BAKEROLL_CHECK_MAX_OFFSET. Other users can see command lines, so pass a secret as @FILE, a file with one on each line.',
        'Exit codes: 0 ok, 1 warning, 2 critical, 3 unknown (wrong usage, or the checker cannot tell).',
      ],
    },
  ]
  return page(blocks, { columns })
}

/** The version of the package. */
export function checkerVersion(): string {
  if (typeof BUNDLED_VERSION === 'string') return BUNDLED_VERSION
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
