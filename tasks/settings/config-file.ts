import { existsSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { didYouMean } from './nearest.ts'
import { settingKeys, settingOf } from './setting-names.ts'
import type { SettingKey } from './settings.ts'

/** What a configuration file says, unjudged, and what is wrong with its shape. */
export interface ConfigFile {
  readonly values: ReadonlyMap<SettingKey, unknown>
  readonly problems: readonly string[]
}

/** The name that is looked for beside package.json. */
export const configFileName = 'bakeroll.config.ts'

/** What Node imports as a module. */
const readable = ['.ts', '.mts', '.js', '.mjs']

const allowedKeys = settingKeys.filter((key) => settingOf(key).elsewhere === undefined)

/** Loads a configuration file; every problem with it is a value, never an error. */
export async function loadConfigFile(file: string): Promise<ConfigFile> {
  if (!existsSync(file)) return { values: new Map(), problems: [`${file}: there is no such file`] }
  if (!readable.includes(extname(file))) {
    return { values: new Map(), problems: [`${file}: expected a file that ends with ${readable.join(', ')}`] }
  }
  try {
    const { default: content } = await import(pathToFileURL(file).href)
    if (isSection(content)) return readConfig(content, basename(file))
    return { values: new Map(), problems: [`${file}: expected \`export default { ... }\`, got ${describe(content)}`] }
  } catch (error) {
    return { values: new Map(), problems: [`${file}: cannot be loaded: ${firstLine(error)}`] }
  }
}

/** Finds the settings in the nested object of a configuration file; refuses what is none. */
export function readConfig(content: object, fileName = configFileName): ConfigFile {
  const values = new Map<SettingKey, unknown>()
  const problems: string[] = []
  walk(content, '')
  return { values, problems }

  function walk(section: object, prefix: string): void {
    for (const [name, value] of Object.entries(section)) {
      const key = `${prefix}${name}`
      const known = allowedKeys.find((allowed) => allowed === key)
      if (known !== undefined) {
        if (value !== undefined) values.set(known, value)
      } else if (!allowedKeys.some((allowed) => allowed.startsWith(`${key}.`))) {
        problems.push(refuseKey(key, fileName))
      } else if (isSection(value)) {
        walk(value, `${key}.`)
      } else {
        problems.push(`${key}: expected an object with settings, got ${describe(value)}`)
      }
    }
  }
}

/** A value as a message shows it. */
export function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  return JSON.stringify(value) ?? String(value)
}

function refuseKey(key: string, fileName: string): string {
  const known = settingKeys.find((one) => one === key)
  if (known !== undefined) return `${key}: cannot be set in a file; pass --${settingOf(known).flag}`
  return `${key}: unknown setting in ${fileName}${didYouMean(key, allowedKeys)}`
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
