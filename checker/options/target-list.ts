import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type CheckTarget, urlProblem } from '../probe/target.ts'
import { type Place, type Wrong, wrong } from '../settings/kinds.ts'
import type { TargetOptions } from './target-options.ts'
import { type NamedFile, readTargetSettings, wordsOf } from './target-settings.ts'

/** The targets, and the problems of how they were named. */
export interface TargetList {
  readonly targets: readonly CheckTarget[]
  readonly problems: readonly string[]
  /** The only problem is that there is no target. */
  readonly isEmpty: boolean
}

export interface TargetFile {
  readonly file: string
  readonly named: readonly Named[]
  /** Settings by module name. */
  readonly modules: ReadonlyMap<string, TargetOptions>
  readonly problems: readonly string[]
  /** Files named in its lines. */
  readonly files: readonly NamedFile[]
}

interface Named {
  readonly text: string
  /** `FILE:LINE`; undefined for the command line. */
  readonly place?: string
  readonly options?: TargetOptions | undefined
}

/** Combines the urls of the command line and of a file; reports invalid and repeated ones. */
export function readTargets(urls: readonly string[], list: TargetFile | undefined): TargetList {
  const problems = [...(list?.problems ?? [])]
  const named: Named[] = [...urls.map((text) => ({ text })), ...(list?.named ?? [])]
  const isEmpty = named.length === 0 && problems.length === 0
  if (isEmpty) {
    const where = list === undefined ? 'no url' : `${list.file}: no url in it`
    problems.push(`${where}: expected at least one, such as http://localhost:8080`)
  }
  const first = new Map<string, Named>()
  for (const one of named) {
    const problem = urlProblem(one.text) ?? duplicateProblem(one, first)
    if (problem !== undefined) problems.push(one.place === undefined ? problem : `${one.place}: ${problem}`)
  }
  return {
    targets: named.map(({ text: url, options }) => (options === undefined ? { url } : { url, options })),
    problems,
    isEmpty,
  }
}

/**
 * Parses a file of targets: one url per line, followed by `key=value` for it alone; `module NAME key=value ...` names settings
 * for later lines, `#` starts a comment.
 */
export async function readTargetFile(said: string, { folder, warn }: Place): Promise<TargetFile | Wrong | undefined> {
  if (said.trim() === '') return undefined
  const file = resolve(folder, said.trim())
  const named: Named[] = []
  const modules = new Map<string, TargetOptions>()
  const problems: string[] = []
  const files: NamedFile[] = []
  const text = readText(file)
  if (typeof text !== 'string') return text
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const place = `${file}:${index + 1}`
    const [first, ...rest] = wordsOf(line)
    if (first === undefined) continue
    const name = first === 'module' ? rest.shift() : undefined
    const inFile = { folder: dirname(file), warn: (warning: string) => warn(`${place}: ${warning}`) }
    const read = await readTargetSettings(rest, inFile, modules)
    problems.push(...read.problems.map((problem) => `${place}: ${problem}`))
    files.push(...read.files.map(({ place: flag, path }) => ({ place: `${place}: ${flag}`, path })))
    if (rest.some(holdsSecret) && isOpen(file)) {
      inFile.warn(`others may read the secret in it: chmod 600 ${file}`)
    }
    if (first !== 'module') {
      named.push({ text: first, place, options: Object.keys(read.options).length === 0 ? undefined : read.options })
    } else if (name === undefined || !/^[\w-]+$/.test(name)) problems.push(`${place}: module: expected a name`)
    else if (modules.has(name)) problems.push(`${place}: module ${name}: given twice`)
    else modules.set(name, read.options)
  }
  return { file, named, modules, problems, files }
}

function readText(file: string): string | Wrong {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    return wrong(`cannot read ${file}: ${error instanceof Error ? error.message : error}`)
  }
}

function isOpen(file: string): boolean {
  return (statSync(file).mode & 0o004) !== 0
}

function holdsSecret(word: string): boolean {
  return /^(header|authorization|key-passphrase)=(?!@)/.test(word)
}

function duplicateProblem(one: Named, first: Map<string, Named>): string | undefined {
  const { href } = new URL(one.text)
  const earlier = first.get(href)
  if (earlier === undefined) {
    first.set(href, one)
    return undefined
  }
  const where = one.place === undefined ? '' : `, first ${placeInWords(earlier)}`
  return `url ${JSON.stringify(one.text)}: given twice${where}`
}

function placeInWords({ place }: Named): string {
  return place === undefined ? 'on the command line' : `on line ${place.slice(place.lastIndexOf(':') + 1)}`
}
