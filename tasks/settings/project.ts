import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isInstalled, ownFolder } from './own.ts'
import { packageVersion } from './package-version.ts'

/** The names of a configuration file, the one that is always a module first. */
const configNames = ['mts', 'ts', 'mjs', 'js', 'cts', 'cjs'].map((suffix) => `bakeroll.config.${suffix}`)

/** The configuration files in a folder. */
export function configFilesIn(folder: string): string[] {
  return configNames.map((name) => join(folder, name)).filter((file) => existsSync(file))
}

/** The folder of the user's project, searched from `from`; relative paths in its files and its state start there. */
export function projectOf(from: string): string {
  return isInstalled ? findProject(from) : ownFolder
}

/**
 * The nearest folder at or above `from` with a configuration file, else with a package.json, else `from`. A folder below
 * node_modules is not a project: npm removes it at the next install.
 */
export function findProject(from: string): string {
  const folders = foldersAbove(from).filter((folder) => !folder.split('/').includes('node_modules'))
  const isPackage = (folder: string) => existsSync(join(folder, 'package.json'))
  return folders.find((folder) => configFilesIn(folder).length > 0) ?? folders.find(isPackage) ?? folders[0] ?? from
}

function foldersAbove(folder: string): string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)]
}

/** The service in `app/`, and its group. */
export const exampleName = 'timeapp'

/** The default group and service of a project. A clone's are those of the example. */
export function projectName(project: string): string {
  return isInstalled ? groupOf(project) : exampleName
}

/** The default group: the name in package.json, else that of the folder, reduced to characters that a group may have. */
export function groupOf(project: string): string {
  const { name } = manifestOf(project)
  const wanted = typeof name === 'string' ? name.replace(/^@[^/]*\//, '') : basename(project)
  const fitting = wanted.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return (
    fitting
      .replace(/^[^a-z]+/, '')
      .slice(0, 32)
      .replace(/-$/, '') || 'service'
  )
}

/** The default release: the version in package.json, else 0.1.0. */
export function releaseOf(project: string): string {
  return manifestOf(project).version === undefined ? '0.1.0' : packageVersion(project)
}

/** Empty when it is missing or unreadable: npm reports what is wrong with it. */
function manifestOf(project: string): { readonly name?: unknown; readonly version?: unknown } {
  try {
    return JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) ?? {}
  } catch {
    return {}
  }
}
