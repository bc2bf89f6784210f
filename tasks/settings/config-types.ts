import { isWrong, type Kind } from '../../checker/settings/kinds.ts'
import { defaultText, type Setting } from '../../checker/settings/setting.ts'
import { settings } from './settings.ts'

/** The keys of one section with their types and help, or its subsections. */
type Section = Map<string, string | Section>

/**
 * The declarations that an editor reads for `import type { Config } from 'bakeroll'`: every setting allowed in a configuration
 * file, with its help.
 */
export function configTypes(): string {
  const top: Section = new Map()
  for (const [key, setting] of settings) {
    if (setting.elsewhere !== undefined) continue
    for (const name of [key, setting.otherKey]) if (name !== undefined) declare(top, name.split('.'), setting)
  }
  return `/** The default export of bakeroll.config.mts. */\nexport interface Config ${block(top, '')}\n`
}

function declare(section: Section, [name = '', ...below]: readonly string[], setting: Setting<unknown>): void {
  if (below.length === 0) {
    section.set(name, `/** ${words(setting)} */\n${name}?: ${typeOf(setting.kind)} | undefined`)
    return
  }
  const inner = section.get(name) ?? new Map()
  section.set(name, inner)
  if (typeof inner !== 'string') declare(inner, below, setting)
}

function block(section: Section, indent: string): string {
  const lines = [...section].flatMap(([name, content]) =>
    typeof content === 'string' ? content.split('\n') : [`${name}?: ${block(content, `${indent}  `)} | undefined`],
  )
  return `{\n${lines.map((line) => `${indent}  ${line}\n`).join('')}${indent}}`
}

function words(setting: Setting<unknown>): string {
  const usual = defaultText(setting)
  return `${setting.help}${usual === '' ? '' : ` (default: ${usual})`}`.replaceAll('*/', '* /')
}

/** Derived from the values that the kind accepts in a file. */
function typeOf({ typed, fromConfig, completes }: Kind<unknown>): string {
  if (fromConfig !== undefined) {
    const isPairs = !isWrong(fromConfig({ a: 'b' }))
    return isPairs ? '{ [name: string]: string | number | boolean }' : 'unknown'
  }
  const one = [
    ...(typed(true) === undefined ? [] : ['boolean']),
    ...(typed('a') === undefined ? [] : [Array.isArray(completes) ? completes.map(quoted).join(' | ') : 'string']),
    ...(typed(1) === undefined ? [] : ['number']),
  ]
  const isOfNumbers = typed([1]) !== undefined
  const many =
    typed(['a']) === undefined && !isOfNumbers ? [] : [`readonly (string${isOfNumbers ? ' | number' : ''})[]`]
  return [...one, ...many].join(' | ')
}

function quoted(word: string): string {
  return `'${word}'`
}
