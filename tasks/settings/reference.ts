import { optionGroups } from '../../checker/options/options.ts'
import { defaultText, type Setting, variableOf } from '../../checker/settings/setting.ts'
import { settings, settingsOf } from './settings.ts'
import { isVerbName, type VerbName } from './verbs.ts'

export const referencePage = 'docs/reference.md'

/**
 * The page with the parts between its marks, `<!-- settings: WHAT -->` and `<!-- end -->`, generated from the table of
 * settings.
 */
export function renewed(page: string): string {
  return page.replace(
    /(<!-- settings: ([\w :]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, what: string, end: string) => `${begin}\n${partOf(what)}\n\n${end}`,
  )
}

function partOf(what: string): string {
  if (what === 'table') return settingsTable()
  if (what === 'every verb') return flagList([...settings.values()].filter(({ verbs }) => verbs === 'every'))
  if (what === 'one run') return oneRunFlags()
  if (!isVerbName(what)) throw new Error(`${referencePage} wants the settings of ${what}, which is no verb`)
  return flagsOfVerb(what)
}

/** The flags of a verb that not every verb has, under their headings. */
function flagsOfVerb(verb: VerbName): string {
  const own = [...settingsOf(verb).values()].filter(({ verbs }) => verbs !== 'every')
  const groups = [...Object.entries(optionGroups), [undefined, 'Of the deployed group'] as const]
  if (!own.some(({ group }) => group !== undefined)) return flagList(own)
  return groups
    .map(([name, title]) => `${title}:\n\n${flagList(own.filter(({ group }) => group === name))}`)
    .join('\n\n')
}

function flagList(wanted: readonly Setting<unknown>[]): string {
  return wanted
    .filter(({ flag }) => flag !== undefined)
    .map((setting) => {
      const { flag, otherFlag, kind, help } = setting
      const placeholder = kind.placeholder === undefined ? '' : ` ${kind.placeholder}`
      const other = otherFlag === undefined ? '' : ` (also \`--${otherFlag}\`)`
      const usual = defaultText(setting)
      return `- \`--${flag}${placeholder}\`${other}: ${prose(help)}${usual === '' ? '' : ` (default: ${prose(usual)})`}`
    })
    .join('\n')
}

function settingsTable(): string {
  const rows = [...settings].flatMap(([key, setting]) => {
    const { elsewhere, fallbackEnv, flag, otherFlag, otherKey, kind, default: usual } = setting
    if (elsewhere === 'nowhere') return []
    const keys = elsewhere === 'environment' ? [] : [key, otherKey]
    const variables = [key, otherKey].map((one) => one && variableOf(one))
    const flags = [flag, otherFlag].map((one) => one && `--${one}`)
    const isSwitch = kind.placeholder === undefined && typeof usual === 'boolean'
    const shown = defaultText(setting) || (isSwitch ? String(usual) : 'none')
    const words = typeof kind.completes === 'object' ? kind.completes.filter((word) => word !== shown).join(', ') : ''
    const also = words === '' || flag !== undefined ? '' : `; also ${words}`
    return [`| ${code(keys)} | ${code([...variables, fallbackEnv])} | ${code(flags)} | ${prose(shown)}${also} |`]
  })
  return ['| key | environment | flag | default |', '|---|---|---|---|', ...rows].join('\n')
}

function oneRunFlags(): string {
  const flags = [...settings.values()].filter(({ elsewhere }) => elsewhere === 'nowhere').map(({ flag }) => `--${flag}`)
  return `${code([...new Set(flags)])}.`
}

function code(words: readonly (string | undefined)[]): string {
  return words.flatMap((word) => (word === undefined ? [] : [`\`${word}\``])).join(', ')
}

/** Escapes Markdown. */
function prose(text: string): string {
  return text.replace(/[|<>*]/g, '\\$&')
}
