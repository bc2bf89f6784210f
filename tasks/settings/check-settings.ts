import { type CheckOptions, type Option, type OptionKey, optionKeys, optionOf } from '../../checker/options/options.ts'
import type { Kind } from './kinds.ts'
import { nearest } from './nearest.ts'
import { type Setting, toggle } from './setting.ts'

/** What `check` can be told here: all that the checker alone can be told, and what needs a group. */
export interface CheckSection extends CheckOptions {
  /** Check each instance of the group, too. */
  readonly instances: boolean
}

type CheckSettingsTable = { readonly [Key in keyof CheckSection as `check.${Key}`]: Setting<CheckSection[Key]> }

/** The settings of `check`, from the table of the checker's own options. */
export const checkSettings: CheckSettingsTable = {
  ...(Object.fromEntries(optionKeys.map((key) => [`check.${key}`, settingOf(optionOf(key))])) as {
    readonly [Key in OptionKey as `check.${Key}`]: Setting<CheckOptions[Key]>
  }),
  'check.instances': toggle('check each instance, too', 'instances', ['check']),
}

function settingOf(option: Option<unknown>): Setting<unknown> {
  const { flag, help, value, default: usual, parse, isSecret, isOfOneRun } = option
  const fallback = usual === undefined ? (value === undefined ? false : undefined) : parse(usual)
  return {
    kind: kindOf(option),
    ...{ flag, help, verbs: ['check'], default: fallback },
    ...(usual === undefined ? {} : { defaultHelp: usual }),
    ...(isSecret ? { secret: true } : {}),
    ...(isOfOneRun ? { elsewhere: 'nowhere' } : {}),
  }
}

function kindOf({
  value,
  expected,
  parse,
  bare,
  repeatable,
  isFile,
  isSecret,
  unit,
  words,
}: Option<unknown>): Kind<NonNullable<unknown>> {
  return {
    expected,
    placeholder: value,
    fromText: (text) => parse(text) ?? undefined,
    fromConfig: (given) =>
      (typeof given === 'boolean') === (value === undefined) ? (parse(textOf(given, unit)) ?? undefined) : undefined,
    ...(bare === undefined ? {} : { bare }),
    ...(repeatable ? { isRepeatable: true } : {}),
    ...(isFile ? { isPath: true } : {}),
    ...(isSecret ? { mayBeFile: true } : {}),
    ...(words === undefined ? {} : { suggest: (text: string) => nearest(text, words) }),
  }
}

/** A value of the configuration file as it would be typed; a list has one value on each line. */
function textOf(given: unknown, unit = ''): string {
  if (Array.isArray(given)) return given.map((one) => textOf(one)).join('\n')
  if (typeof given === 'number') return `${given}${unit}`
  return typeof given === 'string' || typeof given === 'boolean' ? String(given) : ''
}
