import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'

/** The literal path of one of our sources, in an import or an export. */
const specifier = /(\bfrom |\bimport |\bimport\()'(\.[^']*)\.ts'/g

/**
 * All sources that the entries need, by name in the package, with types blanked out: lines and columns stay, so
 * stack traces match the sources. `folder` is the top of the repository; entries are paths below it.
 */
export function packageSources(folder: string, entries: readonly string[]): Map<string, string> {
  const sources = new Map<string, string>()
  const open = [...entries]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const name = nameInPackage(path)
    if (sources.has(name)) continue
    const code = withoutTypes(readFileSync(join(folder, path), 'utf8'))
    const beside = dirname(path)
    open.push(...[...code.matchAll(specifier)].map(([, , file]) => join(beside, `${file}.ts`)))
    sources.set(name, code.replace(specifier, "$1'$2.js'"))
  }
  return sources
}

function nameInPackage(path: string): string {
  return path.replace(/\.ts$/, '.js')
}

function withoutTypes(source: string): string {
  return stripTypeScriptTypes(source).replace(/ +$/gm, '')
}
