import { readFileSync } from 'node:fs'
import { type CheckTarget, urlProblem } from '../probe/target.ts'

/** The services to check, and everything that is wrong with how they were named. */
export interface TargetList {
  readonly targets: readonly CheckTarget[]
  readonly problems: readonly string[]
}

interface Named {
  readonly text: string
  /** `FILE:LINE`; undefined: on the command line. */
  readonly place?: string
}

/** Takes the urls of the command line and those of a file: one on each line, `#` begins a comment. */
export function readTargets(urls: readonly string[], file: string | undefined): TargetList {
  const problems: string[] = []
  const named: Named[] = [...urls.map((text) => ({ text })), ...(file === undefined ? [] : readLines(file, problems))]
  if (named.length === 0 && problems.length === 0) {
    problems.push(
      `${file === undefined ? 'no url' : `${file}: no url in it`}: expected at least one, such as http://localhost:8080`,
    )
  }
  const first = new Map<string, Named>()
  for (const one of named) {
    const problem = urlProblem(one.text) ?? duplicateProblem(one, first)
    if (problem !== undefined) problems.push(one.place === undefined ? problem : `${one.place}: ${problem}`)
  }
  return { targets: named.map(({ text }) => ({ url: text })), problems }
}

function readLines(file: string, problems: string[]): Named[] {
  try {
    const lines = readFileSync(file, 'utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
    return lines.flatMap((line, index) => {
      const text = line.replace(/(^|\s)#.*/, '').trim()
      return text === '' ? [] : [{ text, place: `${file}:${index + 1}` }]
    })
  } catch (error) {
    problems.push(`--targets: cannot read ${file}: ${error instanceof Error ? error.message : error}`)
    return []
  }
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
