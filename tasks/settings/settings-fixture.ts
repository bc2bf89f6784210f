import type { Setting, Surroundings } from '../../checker/settings/setting.ts'
import { ownFolder } from './own.ts'
import { type Settings, settings } from './settings.ts'

/** Every setting's default. */
export function usualSettings(): Settings {
  const surroundings: Surroundings = { env: {}, workingFolder: ownFolder, project: ownFolder }
  const values: Record<string, unknown> = {}
  for (const [key, { default: usual }] of settings as ReadonlyMap<string, Setting<unknown>>) {
    const names = key.split('.')
    const last = names.pop() ?? ''
    let section = values
    for (const name of names) {
      section[name] ??= {}
      section = section[name] as Record<string, unknown>
    }
    section[last] = typeof usual === 'function' ? usual(surroundings) : usual
  }
  return values as unknown as Settings
}
