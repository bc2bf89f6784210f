import {
  type Block,
  flagColumns,
  flagRows,
  page,
  type Row,
  type Sheet,
  usually,
} from '../../checker/settings/help-page.ts'
import { type Setting, variableOf } from '../../checker/settings/setting.ts'
import { asCalled } from './program-name.ts'
import { settings } from './settings.ts'
import { type VerbName, verbNames, verbs } from './verbs.ts'

/** `program` is the command that starts bakeroll; undefined: npm. */
export interface HelpSheet extends Omit<Sheet, 'reword'> {
  readonly program?: string | undefined
}

export function overview(version: string, sheet: HelpSheet = {}): string {
  const rows = (isDevelopment: boolean) =>
    verbNames
      .filter((name) => (verbs[name].development ?? false) === isDevelopment)
      .map((name): Row => [`  ${name}${positionalsOf(name)}`, verbs[name].summary])
  const blocks: Block[] = [
    { rows: [`bakeroll ${version}: bake machine images, deploy them, roll, check and heal a running service`] },
    { rows: [usage('VERB -- [flags]', sheet)] },
    { title: 'Verbs', rows: rows(false), leftColumns: 22 },
    ...(rows(true).length === 0 ? [] : [{ title: 'Development', rows: rows(true), leftColumns: 22 }]),
    ...flagsOfEveryVerb(),
    {
      rows: [
        'npm run VERB -- --help shows everything about one verb, with exit codes and examples.',
        `npm start -- --help settings lists ${withoutFlag(() => true).length} settings without a flag.`,
      ],
    },
  ]
  return worded(blocks, sheet)
}

/** The settings without a flag. */
export function settingsHelp(sheet: HelpSheet = {}): string {
  const blocks: Block[] = [
    { title: 'Settings without a flag', rows: withoutFlag(() => true), leftColumns: flagColumns },
    { rows: [whereSettingsAre, 'docs/reference.md has all settings, including those with flags.'] },
  ]
  return worded(blocks, sheet)
}

export function verbHelp(verb: VerbName, sheet: HelpSheet = {}): string {
  const { about, examples, rest } = verbs[verb]
  const isOwn = ({ verbs: takers }: Setting<unknown>) => takers !== 'every' && takers?.includes(verb) === true
  const flags = flagsWhere(isOwn)
  const others = withoutFlag(isOwn)
  const after = `${positionalsOf(verb)}${rest === undefined ? '' : ` [-- ${rest}...]`}`
  const commands = examples.map(([command, what]): Row => [`  ${command}`, what])
  const widest = Math.max(...examples.map(([command]) => asCalled(command, sheet.program).length))
  const blocks: Block[] = [
    { rows: [usage(`${verb} -- [flags]${after}`, sheet)] },
    { rows: [about] },
    ...(flags.length === 0 ? [] : [{ title: 'Flags', rows: flags, leftColumns: flagColumns }]),
    ...flagsOfEveryVerb(),
    ...(others.length === 0 ? [] : [{ title: 'Settings without a flag', rows: others, leftColumns: flagColumns }]),
    { rows: [whereSettingsAre] },
    { title: 'Exit codes', rows: exitCodeRows(verb), leftColumns: 9 },
    { title: 'Examples', rows: commands, leftColumns: widest + 5 },
  ]
  return worded(blocks, sheet)
}

const whereSettingsAre =
  '[ ] shows the key in the configuration file, where it differs from the flag; in the environment roll.surge is BAKEROLL_ROLL_SURGE. Flags override the environment, which overrides the file.'

function worded(blocks: readonly Block[], { program, ...sheet }: HelpSheet): string {
  return page(blocks, { ...sheet, reword: (text) => asCalled(text, program) })
}

function usage(words: string, { title = (text) => text }: HelpSheet): string {
  return `${title('usage:')} npm run ${words}`
}

function flagsOfEveryVerb(): Block[] {
  const everywhere: Row[] = [
    ['  --help', 'this help'],
    ['  --version', 'the version of bakeroll'],
  ]
  const rows = [...flagsWhere(({ verbs: takers }) => takers === 'every'), ...everywhere]
  return [{ title: 'Flags of every verb', rows, leftColumns: flagColumns }]
}

function flagsWhere(isWanted: (setting: Setting<unknown>) => boolean): Row[] {
  const wanted = [...settings].filter(([, setting]) => setting.flag !== undefined && isWanted(setting))
  return wanted.flatMap(([key, setting]) =>
    flagRows(setting, setting.elsewhere === undefined && key !== setting.flag ? ` [${key}]` : ''),
  )
}

function withoutFlag(isWanted: (setting: Setting<unknown>) => boolean): Row[] {
  const wanted = [...settings].filter(([, setting]) => setting.flag === undefined && isWanted(setting))
  return wanted.map(([key, setting]) => [`  ${variableOf(key)}`, `${setting.help}${usually(setting)} [${key}]`])
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
  return required ? ` <${name}>` : ` [${name}${many && !name.includes(' ') ? '...' : ''}]`
}
