import { existsSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { didYouMean } from '../../checker/settings/nearest.ts'
import { describe } from '../../checker/settings/read.ts'
import { settings } from './settings.ts'

/** The values of a configuration file, not yet validated, and problems with its shape. */
export interface ConfigFile {
  readonly values: ReadonlyMap<string, unknown>
  readonly problems: readonly string[]
}

/** Looked for beside package.json. */
export const configFileName = 'bakeroll.config.ts'

/** What Node can import as a module. */
const readable = ['.ts', '.mts', '.js', '.mjs']

/** Keys allowed in a file, with the setting that each one sets. */
const allowed = new Map(
  [...settings].flatMap(([key, { elsewhere, otherKey }]) =>
    [key, otherKey].flatMap((name) => (name === undefined || elsewhere !== undefined ? [] : [[name, key] as const])),
  ),
)

/** Loads a configuration file; problems are returned, never thrown. */
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

/** Finds the settings in the nested object of a configuration file; unknown keys are problems. */
function readConfig(content: object, fileName: string): ConfigFile {
  const values = new Map<string, unknown>()
  const problems: string[] = []
  walk(content, '')
  return { values, problems }

  function walk(section: object, prefix: string): void {
    for (const [name, value] of Object.entries(section)) {
      const key = `${prefix}${name}`
      const known = allowed.get(key)
      if (known !== undefined) {
        if (values.has(known)) problems.push(`${key}: another name of ${known}, and both are given`)
        else if (value !== undefined) values.set(known, value)
      } else if (![...allowed.keys()].some((one) => one.startsWith(`${key}.`))) {
        problems.push(refuseKey(key, fileName))
      } else if (isSection(value)) {
        walk(value, `${key}.`)
      } else {
        problems.push(`${key}: expected an object with settings, got ${describe(value)}`)
      }
    }
  }
}

function refuseKey(key: string, fileName: string): string {
  const known = settings.get(key)
  if (known !== undefined) return `${key}: cannot be set in a file; pass --${known.flag}`
  return `${key}: unknown setting in ${fileName}${didYouMean(key, allowed.keys())}`
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
