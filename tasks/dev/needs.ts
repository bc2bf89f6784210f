import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Program, programs, programsFor } from '../tools/system-packages.ts'

const repository = join(import.meta.dirname, '../..')

/** What test files need besides Node and the npm packages. */
export interface Needs {
  /** Outside programs; `local`, `aws` and `lint` stand for all of theirs. */
  readonly programs: ReadonlySet<Program>
  /** Python environments in `.venv`, from PyPI. */
  readonly environments: ReadonlySet<string>
  /** `test/nodes`: other Node releases, from npm. */
  readonly nodes: boolean
  /** Virtual machines: files run one at a time. Includes the programs of `local`. */
  readonly machines: boolean
}

/** The needs in a test file's first line: `// needs: haproxy, .venv/moto`; empty without one. */
export function neededWords(source: string): string[] {
  return /^\/\/ needs: (.+)/.exec(source)?.[1]?.split(', ') ?? []
}

/** Throws for an unknown word. */
export function needsFrom(words: readonly string[]): Needs {
  const found = new Set<Program>()
  const environments = new Set<string>()
  for (const word of words) {
    const wanted = programsOf(word)
    for (const program of wanted) found.add(program)
    const environment = word.startsWith('.venv/') ? word.slice('.venv/'.length) : undefined
    if (environment !== undefined && isEnvironment(environment)) environments.add(environment)
    else if (wanted.length === 0 && word !== 'test/nodes') {
      throw new Error(`needs "${word}": not a program in system-packages.ts, nor anything else that tests can need`)
    }
  }
  if (environments.size > 0)
    for (const name of ['python3', 'ensurepip']) for (const one of programsOf(name)) found.add(one)
  return { programs: found, environments, nodes: words.includes('test/nodes'), machines: words.includes('machines') }
}

/** The combined needs of test files. */
export async function needsOf(files: readonly string[], root = repository): Promise<Needs> {
  const words = await Promise.all(files.map(async (file) => neededWords(await readFile(join(root, file), 'utf8'))))
  return needsFrom([...new Set(words.flat())])
}

function programsOf(word: string): Program[] {
  if (word === 'machines' || word === 'local') return programsFor('local')
  if (word === 'aws' || word === 'lint') return programsFor(word)
  return programs.filter(({ name }) => name === word)
}

function isEnvironment(name: string): boolean {
  return name === 'mitogen' || existsSync(join(repository, 'test/python', `${name}.txt`))
}
