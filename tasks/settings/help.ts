import { wrapped } from '../../checker/outlets/wrapping.ts'
import { asCalled } from './program-name.ts'
import { envName, settingKeys, settingOf } from './setting-names.ts'
import type { SettingKey } from './settings.ts'
import { type VerbName, verbNames, verbs } from './verbs.ts'

/** How a title is written. */
export type Title = (text: string) => string

/** What a page of help is written on. */
export interface Sheet {
  /** Lines are no longer, and never longer than 100 letters. */
  readonly columns?: number
  /** What is typed to call bakeroll; undefined: npm. */
  readonly program?: string | undefined
}

/** A paragraph, or a name and what it means. */
type Row = string | readonly [left: string, right: string]

interface Block {
  readonly title?: string
  readonly rows: readonly Row[]
  /** How far the right side is indented. */
  readonly leftColumns?: number
}

const longestLine = 100
/** With less room for the right side it stands below the left one. */
const leastRight = 30

/** All verbs on one page. */
export function overview(version: string, title: Title, sheet: Sheet = {}): string {
  const rows = (isDevelopment: boolean) =>
    verbNames
      .filter((name) => (verbs[name].development ?? false) === isDevelopment)
      .map((name): Row => [`  ${name}${positionalsOf(name)}`, verbs[name].summary])
  const blocks: Block[] = [
    { rows: [`bakeroll ${version}: bake machine images, deploy them, roll, check and heal a running service`] },
    { rows: [`${title('usage:')} npm run VERB -- [flags]`] },
    { title: 'Verbs', rows: rows(false), leftColumns: 18 },
    { title: 'Development', rows: rows(true), leftColumns: 18 },
    { title: 'Flags of every verb', rows: flagRows(everyFlag), leftColumns: 32 },
    {
      rows: [
        'npm run VERB -- --help tells everything about one verb, exit codes and examples among it.',
        `npm start -- --help settings lists ${settingsOf(() => true).length} settings without a flag.`,
      ],
    },
  ]
  return page(blocks, title, sheet)
}

/** Everything that is said in the environment or the configuration file alone. */
export function settingsHelp(title: Title, sheet: Sheet = {}): string {
  const blocks: Block[] = [
    { title: 'Settings without a flag', rows: settingsOf(() => true), leftColumns: 32 },
    { rows: [whereSettingsAre, 'docs/reference.md has all settings, those with flags among them.'] },
  ]
  return page(blocks, title, sheet)
}

/** One verb on one page: usage, what it does, flags with defaults, exit codes, examples. */
export function verbHelp(verb: VerbName, title: Title, sheet: Sheet = {}): string {
  const { about, examples, rest } = verbs[verb]
  const own = settingKeys.filter((key) => settingOf(key).flag !== undefined && isOwn(key, verb))
  const settings = settingsOf((key) => isOwn(key, verb))
  const commands = examples.map(([command, what]): Row => [`  ${command}`, what])
  const after = `${positionalsOf(verb)}${rest === undefined ? '' : ` [-- ${rest}...]`}`
  const blocks: Block[] = [
    { rows: [`${title('usage:')} npm run ${verb} -- [flags]${after}`] },
    { rows: [about] },
    ...(own.length === 0 ? [] : [{ title: 'Flags', rows: flagRows(own), leftColumns: 32 }]),
    { title: 'Flags of every verb', rows: flagRows(everyFlag), leftColumns: 32 },
    ...(settings.length === 0 ? [] : [{ title: 'Settings without a flag', rows: settings, leftColumns: 32 }]),
    { rows: [whereSettingsAre] },
    { title: 'Exit codes', rows: exitCodeRows(verb), leftColumns: 9 },
    {
      ...{ title: 'Examples', rows: commands },
      leftColumns: Math.max(...examples.map(([command]) => asCalled(command, sheet.program).length)) + 5,
    },
  ]
  return page(blocks, title, sheet)
}

const whereSettingsAre =
  'In [ ] is the key in bakeroll.config.ts, where it is not the name of the flag; in the environment roll.batch is BAKEROLL_ROLL_BATCH. Flags count before the environment, that before the file.'

const everyFlag = settingKeys.filter((key) => settingOf(key).flag !== undefined && settingOf(key).verbs === 'every')

function isOwn(key: SettingKey, verb: VerbName): boolean {
  const { verbs: takers } = settingOf(key)
  return takers !== 'every' && takers.includes(verb)
}

function flagRows(keys: readonly SettingKey[]): Row[] {
  const rows = keys.flatMap((key): Row[] => {
    const { flag, otherFlag, kind, help, elsewhere } = settingOf(key)
    const placeholder = kind.placeholder === undefined ? '' : ` ${kind.placeholder}`
    const names = elsewhere === undefined && key !== flag ? ` [${key}]` : ''
    const row: Row = [`  --${flag}${placeholder}`, `${help}${defaultOf(key)}${names}`]
    return otherFlag === undefined ? [row] : [row, [`  --${otherFlag}${placeholder}`, `another name of --${flag}`]]
  })
  const everywhere: Row[] = [
    ['  --help', 'this help'],
    ['  --version', 'the version of bakeroll'],
  ]
  return [...rows, ...(keys === everyFlag ? everywhere : [])]
}

function settingsOf(isWanted: (key: SettingKey) => boolean): Row[] {
  return settingKeys
    .filter((key) => settingOf(key).flag === undefined && isWanted(key))
    .map((key) => [`  ${envName(key)}`, `${settingOf(key).help}${defaultOf(key)} [${key}]`])
}

function defaultOf(key: SettingKey): string {
  const { kind, default: value, defaultHelp } = settingOf(key)
  if (defaultHelp !== undefined) return ` (default: ${defaultHelp})`
  if (value == null || typeof value === 'function' || typeof value === 'boolean') return ''
  return ` (default: ${kind.show?.(value) ?? value})`
}

function exitCodeRows(verb: VerbName): Row[] {
  if (verb === 'check') {
    return [
      ['  0 1 2', 'ok, warning, critical'],
      ['  3', 'unknown: wrong usage, or the checker itself is not able to tell'],
      ['  130', 'interrupted'],
    ]
  }
  return [
    ['  0', 'done, also when there was nothing to do'],
    ['  1', 'a defect of bakeroll'],
    ['  2', 'wrong usage or settings, nothing touched'],
    ['  3', 'refused (locked, still used, needs --yes), nothing touched'],
    ['  4', 'failed and put back: what served before still serves'],
    ['  5', 'failed, a person is needed'],
    ['  130', 'interrupted, safe to run again'],
  ]
}

function positionalsOf(verb: VerbName): string {
  const { name, many, required } = verbs[verb].positionals ?? { name: '', many: false, required: false }
  if (name === '') return ''
  return required ? ` <${name}>` : ` [${name}${many ? '...' : ''}]`
}

function page(blocks: readonly Block[], title: Title, { columns = longestLine, program }: Sheet): string {
  const room = Math.min(columns, longestLine)
  const laid = blocks.map(({ title: name, rows, leftColumns = 0 }) => [
    ...(name === undefined ? [] : [title(name)]),
    ...rows.flatMap((row) => laidOut(row, leftColumns, room, program)),
  ])
  return `${laid.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function laidOut(row: Row, leftColumns: number, room: number, program: string | undefined): string[] {
  if (typeof row === 'string') return wrapped(asCalled(row, program), room)
  const left = asCalled(row[0], program)
  const right = asCalled(row[1], program)
  if (room - leftColumns < leastRight) return [...wrapped(left, room, 4), ...wrapped(`      ${right}`, room)]
  const margin = ' '.repeat(leftColumns)
  const lines = wrapped(`${margin}${right}`, room)
  if (left.length >= leftColumns) return [...wrapped(left, room, 4), ...lines]
  return [`${left}${lines[0]?.slice(left.length)}`, ...lines.slice(1)]
}
