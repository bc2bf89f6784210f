import { envName, settingKeys, settingOf } from './setting-names.ts'
import type { SettingKey } from './settings.ts'
import { type VerbName, verbNames, verbs } from './verbs.ts'

const widthColumns = 100
const leftColumns = 32

/** How a title is written. */
export type Title = (text: string) => string

/** All verbs on one page. */
export function overview(version: string, title: Title): string {
  const rows = (isDevelopment: boolean) =>
    verbNames
      .filter((name) => (verbs[name].development ?? false) === isDevelopment)
      .map((name): Row => [`  ${name}${positionalsOf(name)}`, verbs[name].summary])
  return page([
    [`bakeroll ${version}: bake machine images, deploy them, roll, check and heal a running service`],
    [`${title('usage:')} npm run VERB -- [flags]`],
    [title('Verbs'), ...rows(false).flatMap((row) => aligned(row, 18))],
    [title('Development'), ...rows(true).flatMap((row) => aligned(row, 18))],
    [title('Flags of every verb'), ...flagRows(everyFlag)],
    [title('Settings without a flag'), ...settingsOf(() => true)],
    [title('Exit codes'), ...exitCodeLines(undefined)],
    ['npm run VERB -- --help tells everything about one verb.'],
  ])
}

/** One verb on one page: usage, what it does, flags with defaults, exit codes, examples. */
export function verbHelp(verb: VerbName, title: Title): string {
  const { about, examples, rest } = verbs[verb]
  const own = settingKeys.filter((key) => settingOf(key).flag !== undefined && isOwn(key, verb))
  const settings = settingsOf((key) => isOwn(key, verb))
  const commands = examples.map(([command, what]): Row => [`  ${command}`, what])
  const exampleColumns = Math.max(...commands.map(([command]) => command.length)) + 3
  return page([
    [
      `${title('usage:')} npm run ${verb} -- [flags]${positionalsOf(verb)}${rest === undefined ? '' : ` [-- ${rest}...]`}`,
    ],
    wrapped(about, widthColumns),
    own.length === 0 ? [] : [title('Flags'), ...flagRows(own)],
    [title('Flags of every verb'), ...flagRows(everyFlag)],
    settings.length === 0 ? [] : [title('Settings without a flag'), ...settings],
    wrapped(
      'In [ ] is the key in bakeroll.config.ts, where it is not the name of the flag; in the environment roll.batch is BAKEROLL_ROLL_BATCH. Flags count before the environment, that before the file.',
      widthColumns,
    ),
    [title('Exit codes'), ...exitCodeLines(verb)],
    [title('Examples'), ...commands.flatMap((row) => aligned(row, exampleColumns))],
  ])
}

type Row = readonly [left: string, right: string]

const everyFlag = settingKeys.filter((key) => settingOf(key).flag !== undefined && settingOf(key).verbs === 'every')

function isOwn(key: SettingKey, verb: VerbName): boolean {
  const { verbs: takers } = settingOf(key)
  return takers !== 'every' && takers.includes(verb)
}

function flagRows(keys: readonly SettingKey[]): string[] {
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
  return [...rows, ...(keys === everyFlag ? everywhere : [])].flatMap((row) => aligned(row, leftColumns))
}

function settingsOf(isWanted: (key: SettingKey) => boolean): string[] {
  return settingKeys
    .filter((key) => settingOf(key).flag === undefined && isWanted(key))
    .flatMap((key) => aligned([`  ${envName(key)}`, `${settingOf(key).help}${defaultOf(key)} [${key}]`], leftColumns))
}

function defaultOf(key: SettingKey): string {
  const { kind, default: value, defaultHelp } = settingOf(key)
  if (defaultHelp !== undefined) return ` (default: ${defaultHelp})`
  if (value == null || typeof value === 'function' || typeof value === 'boolean') return ''
  return ` (default: ${kind.show?.(value) ?? value})`
}

function exitCodeLines(verb: VerbName | undefined): string[] {
  const nagios: Row[] = [
    ['  0 1 2', 'ok, warning, critical'],
    ['  3', 'unknown: wrong usage, or the checker itself is not able to tell'],
    ['  130', 'interrupted'],
  ]
  const usual: Row[] = [
    ['  0', 'done, also when there was nothing to do'],
    ['  1', 'a defect of bakeroll'],
    ['  2', 'wrong usage or settings, nothing touched'],
    ['  3', 'refused (locked, still used, needs --yes), nothing touched'],
    ['  4', 'failed and put back: what served before still serves'],
    ['  5', 'failed, a person is needed'],
    ['  130', 'interrupted, safe to run again'],
  ]
  const lines = (verb === 'check' ? nagios : usual).flatMap((row) => aligned(row, 9))
  return verb === undefined ? [...lines, '  check speaks Nagios: 0 ok, 1 warning, 2 critical, 3 unknown'] : lines
}

function positionalsOf(verb: VerbName): string {
  const { name, many, required } = verbs[verb].positionals ?? { name: '', many: false, required: false }
  if (name === '') return ''
  return required ? ` <${name}>` : ` [${name}${many ? '...' : ''}]`
}

function page(blocks: readonly (readonly string[])[]): string {
  const filled = blocks.filter((block) => block.length > 0)
  return `${filled.map((block) => block.join('\n')).join('\n\n')}\n`
}

function aligned([left, right]: Row, columns: number): string[] {
  const lines = wrapped(right, widthColumns - columns).map((line, index) => {
    return index === 0 ? `${left.padEnd(columns)}${line}` : `${' '.repeat(columns)}${line}`
  })
  if (left.length < columns) return lines
  return [left, `${' '.repeat(columns)}${lines[0]?.slice(left.length).trimStart()}`, ...lines.slice(1)]
}

function wrapped(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
