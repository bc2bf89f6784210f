import { existsSync, readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
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

/** What Node can import as a module. */
const readable = ['.mts', '.ts', '.mjs', '.js']

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
    const advice = /^\.c[tj]s$/.test(extname(file)) ? '; a CommonJS file is no configuration' : ''
    return { values: new Map(), problems: [`${file}: expected a file that ends with ${readable.join(', ')}${advice}`] }
  }
  const misread = misreadAsCommonJs(file)
  if (misread !== undefined) return { values: new Map(), problems: [`${file}: cannot be loaded: ${misread}`] }
  try {
    const { default: content } = await import(pathToFileURL(file).href)
    if (isSection(content)) return readConfig(content, basename(file))
    return { values: new Map(), problems: [`${file}: expected \`export default { ... }\`, got ${describe(content)}`] }
  } catch (error) {
    return { values: new Map(), problems: [`${file}: cannot be loaded: ${whyNot(error)}`] }
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

/** Node would name the word that it fails on, after a warning of its own. */
function misreadAsCommonJs(file: string): string | undefined {
  const word = /^(?:import|export)\b/m.exec(readFileSync(file, 'utf8'))?.[0]
  const manifest = ['.ts', '.js'].includes(extname(file)) ? findPackageJSON(pathToFileURL(file)) : undefined
  if (word === undefined || manifest === undefined || typeOf(manifest) !== 'commonjs') return undefined
  const name = basename(file).replace(/\.([tj]s)$/, '.m$1')
  return `\`${word}\` in CommonJS: ${manifest} says "type": "commonjs"; name the file ${name}`
}

/** Node names the word that it failed on, not how it read the file. */
function whyNot(error: unknown): string {
  const why = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
  const isModule = /is not defined in ES module scope/.test(why)
  return isModule ? `${why.split(',')[0]}: expected \`export default { ... }\`` : why
}

function typeOf(manifest: string): unknown {
  return JSON.parse(readFileSync(manifest, 'utf8')).type
}
