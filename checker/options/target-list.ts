import { readFileSync, statSync } from 'node:fs'
import { type CheckTarget, urlProblem } from '../probe/target.ts'
import { readTargetSettings, type TargetOptions, wordsOf } from './target-settings.ts'

/** The services to check, and everything that is wrong with how they were named. */
export interface TargetList {
  readonly targets: readonly CheckTarget[]
  readonly problems: readonly string[]
  /** Settings by the names that the file gives them; absent: it names none. */
  readonly modules?: ReadonlyMap<string, TargetOptions>
  /** What is dangerous; absent: nothing. */
  readonly warnings?: readonly string[]
  /** Nothing is wrong but that there is no target. */
  readonly isEmpty?: true
}

interface Named {
  readonly text: string
  /** `FILE:LINE`; undefined: on the command line. */
  readonly place?: string
  readonly options?: TargetOptions
}

interface Lines {
  readonly named: readonly Named[]
  readonly modules: ReadonlyMap<string, TargetOptions>
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

const none: Lines = { named: [], modules: new Map(), problems: [], warnings: [] }

/**
 * Takes the urls of the command line and those of a file: one on each line, `key=value` after it for it alone; `module NAME
 * key=value ...` names settings for the lines below, `#` begins a comment.
 */
export function readTargets(urls: readonly string[], file: string | undefined): TargetList {
  const { named: listed, modules, problems: wrong, warnings } = file === undefined ? none : readLines(file)
  const problems = [...wrong]
  const named: Named[] = [...urls.map((text) => ({ text })), ...listed]
  const isEmpty = named.length === 0 && problems.length === 0
  if (isEmpty) {
    problems.push(
      `${file === undefined ? 'no url' : `${file}: no url in it`}: expected at least one, such as http://localhost:8080`,
    )
  }
  const first = new Map<string, Named>()
  for (const one of named) {
    const problem = urlProblem(one.text) ?? duplicateProblem(one, first)
    if (problem !== undefined) problems.push(one.place === undefined ? problem : `${one.place}: ${problem}`)
  }
  return {
    targets: named.map(({ text: url, options }) => (options === undefined ? { url } : { url, options })),
    problems,
    ...(modules.size === 0 ? {} : { modules }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(isEmpty ? { isEmpty } : {}),
  }
}

function readLines(file: string): Lines {
  const named: Named[] = []
  const modules = new Map<string, TargetOptions>()
  const problems: string[] = []
  const warnings: string[] = []
  try {
    const { mode } = statSync(file)
    const lines = readFileSync(file, 'utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
    for (const [index, line] of lines.entries()) {
      const place = `${file}:${index + 1}`
      const [first, ...rest] = wordsOf(line)
      if (first === undefined) continue
      const name = first === 'module' ? rest.shift() : undefined
      const read = readTargetSettings(rest, file, modules)
      problems.push(...read.problems.map((problem) => `${place}: ${problem}`))
      warnings.push(...read.warnings.map((warning) => `${place}: ${warning}`))
      const isOpen = (mode & 0o004) !== 0 && rest.some(holdsSecret)
      if (isOpen) warnings.push(`${place}: others may read the secret in it: chmod 600 ${file}`)
      if (first !== 'module') {
        named.push({ text: first, place, ...(Object.keys(read.options).length === 0 ? {} : { options: read.options }) })
      } else if (name === undefined || !/^[\w-]+$/.test(name)) problems.push(`${place}: module: expected a name`)
      else if (modules.has(name)) problems.push(`${place}: module ${name}: given twice`)
      else modules.set(name, read.options)
    }
  } catch (error) {
    problems.push(`--targets: cannot read ${file}: ${error instanceof Error ? error.message : error}`)
  }
  return { named, modules, problems, warnings }
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
