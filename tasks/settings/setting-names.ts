import type { Setting } from './setting.ts'
import type { SettingKey } from './settings.ts'
import { settingsTable } from './settings-table.ts'
import type { VerbName } from './verbs.ts'

/** Every dotted name, in the order of the table. */
export const settingKeys = Object.keys(settingsTable) as SettingKey[]

/** A setting without the type of its value, for whoever goes through all of them. */
export function settingOf(key: SettingKey): Setting<unknown> {
  return settingsTable[key] as Setting<unknown>
}

/** The variable of a setting: `BAKEROLL_ROLL_TIMEOUT` of `roll.timeoutSeconds`; the unit is part of its value. */
export function envName(key: SettingKey): string {
  const words = key.replace(/(Seconds|Ms)$/, '').replace(/([A-Z])/g, '_$1')
  return `BAKEROLL_${words.replaceAll('.', '_').toUpperCase()}`
}

/** Which settings a verb has flags for, by the name of the flag. */
export function flagsOf(verb: VerbName): Map<string, SettingKey> {
  const flags = new Map<string, SettingKey>()
  for (const key of settingKeys) {
    const { flag, otherFlag, verbs } = settingOf(key)
    if (flag === undefined || (verbs !== 'every' && !verbs.includes(verb))) continue
    flags.set(flag, key)
    if (otherFlag !== undefined) flags.set(otherFlag, key)
  }
  return flags
}

/** The verbs that take a flag; empty when there is no such flag. */
export function verbsWithFlag(flag: string): VerbName[] {
  const settings = settingKeys.map(settingOf).filter((setting) => setting.flag === flag || setting.otherFlag === flag)
  return settings.flatMap(({ verbs }) => (verbs === 'every' ? [] : verbs))
}
