/**
 * Changes the modules that decide a roll, one place at a time, and records whether a unit test notices: `node benchmarks/mutation.ts`.
 * With names of modules, changes only these; `--report` only rewrites the page. Stryker is installed from npm into its own
 * folder, and works on a copy. At low priority, about a quarter of an hour on two cores; writes benchmarks/results/mutation.md and .json.
 */
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { cpus, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { type ModuleResult, mutationReport } from './mutation-report.ts'

const repository = join(import.meta.dirname, '..')
const settings = await readJson<Settings>(join(import.meta.dirname, 'mutation.json'))
const resultFile = join(import.meta.dirname, 'results', 'mutation.json')
const lowPriority = 15

interface Settings {
  readonly stryker: string
  readonly concurrency: number
  readonly timeoutMS: number
  readonly tests: readonly string[]
  readonly modules: readonly string[]
}

/** The part that we read of https://github.com/stryker-mutator/mutation-testing-elements/tree/master/packages/report-schema. */
interface StrykerReport {
  readonly files: Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>
}

interface Mutant {
  readonly mutatorName: string
  readonly replacement: string
  readonly status: 'Killed' | 'Survived' | 'Timeout' | 'NoCoverage' | 'RuntimeError' | 'CompileError' | 'Ignored'
  readonly location: { readonly start: Place; readonly end: Place }
}

/** Both count from 1. */
interface Place {
  readonly line: number
  readonly column: number
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => name !== '--report' && !settings.modules.includes(name))
if (unknown.length > 0) throw new Error(`no module ${unknown.join(', ')}; there are ${settings.modules.join(', ')}`)
if (wanted.includes('--report')) await writeResults(await resultsSoFar())
else await measureAll(wanted.length > 0 ? wanted : settings.modules)

async function measureAll(modules: readonly string[]): Promise<void> {
  setPriority(lowPriority)
  const workplace = await mkdtemp(join(tmpdir(), 'bakeroll-mutation-'))
  try {
    const stryker = await installStryker(workplace)
    const copy = await copyTested(workplace)
    for (const name of modules) await keep(await measure(stryker, copy, name))
  } finally {
    await rm(workplace, { recursive: true, force: true })
  }
}

/** Returns the program's path. */
async function installStryker(workplace: string): Promise<string> {
  const prefix = join(workplace, 'stryker')
  await mkdir(prefix)
  await execa('npm', [
    'install',
    '--no-audit',
    '--no-fund',
    '--prefix',
    prefix,
    `@stryker-mutator/core@${settings.stryker}`,
  ])
  return join(prefix, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js')
}

/** Returns the copy's path. */
async function copyTested(workplace: string): Promise<string> {
  const copy = join(workplace, 'copy')
  for (const path of ['tasks/lib', 'package.json', 'benchmarks/mutation-tests.ts']) {
    await cp(join(repository, path), join(copy, path), { recursive: true })
  }
  await symlink(join(repository, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

async function measure(stryker: string, copy: string, name: string): Promise<ModuleResult> {
  const startedMs = performance.now()
  const file = `tasks/lib/roll/${name}.ts`
  const fileName = join(copy, `${name}.json`)
  // The module's own tests notice most, so they run first.
  const tests = [name, ...settings.tests.filter((one) => one !== name)].map((one) => `tasks/lib/roll/${one}.test.ts`)
  const command = ['benchmarks/mutation-tests.ts', ...tests]
  const config = {
    mutate: [file],
    concurrency: settings.concurrency,
    timeoutMS: settings.timeoutMS,
    testRunner: 'command',
    plugins: [],
    reporters: ['json'],
    jsonReporter: { fileName },
    commandRunner: { command: [process.execPath, ...command].join(' ') },
  }
  await writeFile(join(copy, 'stryker.config.json'), JSON.stringify(config))
  await execa(process.execPath, [stryker, 'run'], { cwd: copy, stdout: 'ignore', stderr: 'inherit' })
  // If node_modules changed meanwhile, every mutant would look killed.
  await execa(process.execPath, command, { cwd: copy })
  const found = (await readJson<StrykerReport>(fileName)).files[file]
  if (!found) throw new Error(`Stryker reported nothing about ${file}`)
  return { module: name, ...counted(found), seconds: Math.round((performance.now() - startedMs) / 1000), ...about() }
}

function counted({ source, mutants }: StrykerReport['files'][string]) {
  const times = (status: Mutant['status']) => mutants.filter((one) => one.status === status).length
  const lines = source.split('\n')
  const survivors = mutants
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map(({ location: { start, end }, replacement, mutatorName }) => ({
      line: start.line,
      code: textBetween(lines, start, end),
      becomes: replacement,
      in: (lines[start.line - 1] ?? '').trim(),
      mutator: mutatorName,
    }))
  const counts = {
    killed: times('Killed'),
    timeouts: times('Timeout'),
    errors: times('RuntimeError') + times('CompileError'),
  }
  return { mutants: mutants.length, ...counts, survived: survivors.length, survivors }
}

function textBetween(lines: readonly string[], start: Place, end: Place): string {
  const taken = lines.slice(start.line - 1, end.line)
  const last = taken.length - 1
  const cut = taken.map((line, nth) =>
    line.slice(nth === 0 ? start.column - 1 : 0, nth === last ? end.column - 1 : undefined),
  )
  return cut.map((line) => line.trim()).join(' ')
}

function about() {
  const machine = `${cpus().length} cores, ${cpus()[0]?.model}`
  return { date: new Date().toISOString().slice(0, 10), stryker: settings.stryker, node: process.version, machine }
}

/** Keeps the results of modules that were not measured this time. */
async function keep(result: ModuleResult): Promise<void> {
  const byName = new Map([...(await resultsSoFar()), result].map((one) => [one.module, one]))
  await writeResults(settings.modules.flatMap((name) => byName.get(name) ?? []))
  process.stderr.write(`${result.module}: ${result.survived} of ${result.mutants} survived, ${result.seconds} s\n`)
}

async function resultsSoFar(): Promise<readonly ModuleResult[]> {
  if (!existsSync(resultFile)) return []
  return (await readJson<{ readonly modules: readonly ModuleResult[] }>(resultFile)).modules
}

async function writeResults(modules: readonly ModuleResult[]): Promise<void> {
  await writeFile(resultFile, `${JSON.stringify({ modules }, undefined, 2)}\n`)
  await writeFile(join(import.meta.dirname, 'results', 'mutation.md'), mutationReport(modules))
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T
}
