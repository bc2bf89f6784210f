import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { glob, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { TapReport, type TestFile } from './tap-report.ts'
import { slowed, testSlowness } from './test-pace.ts'

const repository = join(import.meta.dirname, '../..')
const bin = join(repository, 'node_modules/.bin')

/** Test files that run together. */
export interface Suite {
  readonly files: readonly string[]
  /** How many files run at a time. */
  readonly jobs: number
  /** How long one file may take. */
  readonly timeoutSeconds: number
}

/**
 * The suites below `paths` (all of them when there is none, but those of `test/long`): first what needs no machine, then
 * `test/machines` and `test/long`, one file after the other in the order of their names. Their time limits are longer on a busy
 * computer. Throws a usage error for a path that holds no test.
 */
export async function findSuites(paths: readonly string[], root = repository): Promise<Suite[]> {
  const all = await Array.fromAsync(glob('{app,benchmarks,checker,tasks,test}/**/*.test.ts', { cwd: root }))
  const wanted = paths.map((path) => path.replace(/^\.\//, '').replace(/\/+$/, ''))
  const isBelow = (file: string, path: string) => file === path || file.startsWith(`${path}/`)
  const lost = wanted.find((path) => !all.some((file) => isBelow(file, path)))
  if (lost !== undefined) {
    throw new OperatorError('usage', `no test file is at or below ${lost}`, { hint: 'npm test -- checker/' })
  }
  const isLong = (file: string) => file.startsWith('test/long/')
  const isWanted = (file: string) => wanted.some((path) => isBelow(file, path) && (!isLong(file) || isLong(`${path}/`)))
  const files = all.filter((file) => (wanted.length === 0 ? !isLong(file) : isWanted(file))).sort()
  const machines = files.filter((file) => file.startsWith('test/machines/') || isLong(file))
  return [
    { files: files.filter((file) => !machines.includes(file)), jobs: 2, timeoutSeconds: slowed(600) },
    { files: machines, jobs: 1, timeoutSeconds: slowed(3600) },
  ].filter((suite) => suite.files.length > 0)
}

/** How tap is called for one suite. */
export function tapArguments(suite: Suite): string[] {
  return ['tap', 'run', '--reporter=tap', `--jobs=${suite.jobs}`, `--timeout=${suite.timeoutSeconds}`, ...suite.files]
}

/** Runs a suite; `progress` hears of each file when it ends, and of every failure in full. */
export async function runSuite(suite: Suite, progress: Progress, signal?: AbortSignal): Promise<TapReport> {
  const report = new TapReport((file) => progress.event(fileLine(file)))
  const [program = '', ...argv] = tapArguments(suite)
  const child = execa(join(bin, program), argv, { ...tapOptions, buffer: { stdout: false }, detached: true })
  child.stdout.setEncoding('utf8').on('data', (text: string) => report.write(text))
  const stop = () => endGroup(child.pid)
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  const result = await child.finally(() => signal?.removeEventListener('abort', stop))
  if (signal?.aborted) throw new OperatorError('interrupted', 'interrupted while testing')
  report.end(result.exitCode)
  for (const skip of report.skips) progress.event(`skipped: ${skip}`)
  for (const { name, details } of report.failures) progress.event(`failed: ${name}\n${details}`)
  if (report.count.failed > 0 && result.stderr !== '') progress.event(`the tests wrote to stderr:\n${result.stderr}`)
  return report
}

/** tap passes no signal on to its tests, so they run in a process group of their own, which can be ended as a whole. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return
  for (const [kind, afterMs] of [
    ['SIGTERM', 0],
    ['SIGKILL', 5000],
  ] as const) {
    setTimeout(() => {
      try {
        process.kill(-leader, kind)
      } catch {
        // The whole group has ended.
      }
    }, afterMs).unref()
  }
}

/** Lets tap build its plugins into node_modules, which takes seconds and is needed once after `npm ci`. */
export async function buildTap(progress: Progress, signal?: AbortSignal): Promise<void> {
  const stamp = join(repository, 'node_modules/.tap-built')
  const wanted = createHash('sha256')
    .update(await readFile(join(repository, '.taprc')))
    .digest('hex')
  const found = await readFile(stamp, 'utf8').catch(() => undefined)
  if (found === wanted && existsSync(join(repository, '.tap/plugins'))) return
  const result = await progress.step('tap build', () =>
    execa(join(bin, 'tap'), ['build'], { ...tapOptions, ...(signal === undefined ? {} : { cancelSignal: signal }) }),
  )
  if (result.isCanceled) throw new OperatorError('interrupted', 'interrupted while preparing the tests')
  if (result.failed) throw new Error(`tap build: ${result.stderr}`, { cause: result })
  await writeFile(stamp, wanted)
}

/** `✓ checker/clock/clock.test.ts 12 passed, 1 skipped (0.8 s)`. */
export function fileLine(file: TestFile): string {
  const { passed, failed, skipped } = file
  const counts = Object.entries({ passed, failed, skipped }).filter(([, count]) => count > 0)
  const words = counts.map(([word, count]) => `${count} ${word}`).join(', ')
  return `${file.ok ? '✓' : '✗'} ${file.name} ${words} (${file.seconds.toFixed(1)} s)`
}

const tapOptions = {
  cwd: repository,
  env: {
    BAKEROLL_TEST_SLOW: String(testSlowness),
    PATH: `${bin}:${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
    NO_COLOR: '1',
  },
  reject: false,
  stdin: 'ignore',
} as const
