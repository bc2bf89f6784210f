/**
 * `node tasks/dev/figures.ts` prints the size of each room (a folder below tasks/ or at the top), the imports between
 * rooms, the longest functions, and each verb's longest chain of calls to an effect. Lines of tests and fixtures are
 * counted separately, and their imports are not.
 */
import { globSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { type OwnFunction, readCallGraph } from './call-graph.ts'
import { chainLine, longestChains } from './chains.ts'

const repository = join(import.meta.dirname, '../..')

/** Each room imports only from those below it. */
export const order = [
  ['benchmarks'],
  ['test'],
  ['tasks/dev'],
  ['tasks/verbs'],
  ['tasks/platforms', 'tasks/terminal', 'tasks/report', 'tasks/simulator'],
  ['tasks/settings'],
  ['tasks/tools'],
  ['app'],
  ['nginx'],
  ['tasks/lib'],
  ['checker'],
] as const

/** `path` is relative to the top of the repository. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** All sources, tests included. */
export function readSources(root = repository): Source[] {
  const paths = globSync('{app,benchmarks,checker,nginx,tasks,test}/**/*.ts', {
    cwd: root,
    exclude: ['checker/dist/**'],
  })
  return paths.sort().map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** References between the product's functions. */
export function readCalls(root = repository): OwnFunction[] {
  return readCallGraph(root, (path) => /^(?:app|checker|nginx|tasks\/(?!dev\/))/.test(path) && !isTest(path))
}

export function isTest(path: string): boolean {
  return /\.test\.ts$|-fixture\.ts$|\/fixtures\/|^test\//.test(path)
}

export function roomOf(path: string): string {
  return /^(?:tasks\/(?=[^/]+\/))?[^/]+/.exec(path)?.[0] ?? ''
}

/** All imports of a file, including types and dynamic imports. */
export function importsOf({ path, text }: Source): string[] {
  const specifiers = text.matchAll(/^(?:import|export) (?:[^'"`;]*? from )?'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm)
  return [...specifiers].map(([, still, loaded]) => normalize(join(path, '..', still ?? loaded ?? '')))
}

/** Imports between rooms, as `from -> to`, with the importing files. */
export function arrowsBetween(sources: readonly Source[]): Map<string, string[]> {
  const arrows = new Map<string, string[]>()
  for (const source of sources.filter(({ path }) => !isTest(path))) {
    for (const imported of importsOf(source)) {
      const arrow = `${roomOf(source.path)} -> ${roomOf(imported)}`
      if (roomOf(source.path) !== roomOf(imported)) arrows.set(arrow, [...(arrows.get(arrow) ?? []), source.path])
    }
  }
  return new Map([...arrows].sort())
}

/** Whether an arrow runs against the order, or between rooms of the same level. */
export function runsUp(arrow: string): boolean {
  const [from = -1, to = -1] = arrow
    .split(' -> ')
    .map((room) => order.findIndex((rooms) => rooms.some((one) => one === room)))
  return from === -1 || to === -1 || from >= to
}

/** Files in an import circle, or between two circles. */
export function inCircles(sources: readonly Source[]): string[] {
  let left = new Map(sources.map((source) => [source.path, importsOf(source)]))
  for (let size = -1; size !== left.size; ) {
    size = left.size
    const imported = new Set([...left.values()].flat())
    const isBetween = ([path, imports]: [string, string[]]) =>
      imported.has(path) && imports.some((one) => left.has(one))
    left = new Map([...left].filter(isBetween))
  }
  return [...left.keys()]
}

/** Functions with a multi-line body, found by the formatter's indentation. */
export function functionsOf({ path, text }: Source): { where: string; lines: number }[] {
  const lines = text.split('\n')
  return lines.flatMap((line, start) => {
    const [, indent, name] =
      /^( *)(?:export )?(?:default )?(?:(?:async )?function\*? ?(\w*)|.*=> \{$|(?:async |get |static )*\w+\(.*\{$)/.exec(
        line,
      ) ?? []
    if (indent === undefined || /^ *(?:if|for|while|switch|catch|return|await)\b/.test(line)) return []
    const end = lines.findIndex((one, at) => at > start && one.startsWith(`${indent}}`) && !one.endsWith('{'))
    return end === -1 ? [] : [{ where: `${path}:${start + 1} ${name ?? ''}`.trimEnd(), lines: end - start + 1 }]
  })
}

function table(sources: readonly Source[]): string[] {
  const rooms = [...new Set(sources.map(({ path }) => roomOf(path)))].sort()
  const count = (some: readonly Source[]) => [
    some.length,
    some.reduce((sum, { text }) => sum + text.split('\n').length - 1, 0),
  ]
  const row = (name: string, some: readonly Source[]) => {
    const numbers = [false, true].flatMap((asked) => count(some.filter(({ path }) => isTest(path) === asked)))
    return `${name.padEnd(16)}${numbers.map((number) => String(number).padStart(8)).join('')}`
  }
  return [
    `${'room'.padEnd(16)}${['files', 'lines', 'tests', 'lines'].map((head) => head.padStart(8)).join('')}`,
    ...rooms.map((room) =>
      row(
        room,
        sources.filter(({ path }) => roomOf(path) === room),
      ),
    ),
    row('all', sources),
  ]
}

function figures(sources: readonly Source[]): string[] {
  const arrows = [...arrowsBetween(sources)]
  const rooms = new Set(sources.filter(({ path }) => !isTest(path)).map(({ path }) => roomOf(path)))
  const up = arrows.filter(([arrow]) => runsUp(arrow))
  const circles = inCircles(sources)
  const own = sources.filter(({ path }) => !isTest(path))
  const longest = own.flatMap(functionsOf).sort((a, b) => b.lines - a.lines)
  return [
    ...table(sources),
    '',
    `${rooms.size} rooms, ${arrows.length} arrows between them`,
    ...arrows.map(([arrow, files]) => `  ${arrow} (${files.length})`),
    `${up.length} arrows run up${up.map(([arrow, files]) => `\n  ${arrow}: ${files.join(', ')}`).join('')}`,
    `${circles.length} files in import circles${circles.map((path) => `\n  ${path}`).join('')}`,
    `longest functions: ${longest
      .slice(0, 5)
      .map(({ where, lines }) => `${where}, ${lines} lines`)
      .join('; ')}`,
    'longest chain of calls from each verb to an effect:',
    ...longestChains(readCalls()).map((chain) => `  ${chainLine(chain)}`),
  ]
}

if (import.meta.main) process.stdout.write(`${figures(readSources()).join('\n')}\n`)
