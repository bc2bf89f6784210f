import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { neededWords } from './needs.ts'
import { TapReport, type TestFile } from './tap-report.ts'
import { filesAtATime, slowed, testSlowness } from './test-pace.ts'

const repository = join(import.meta.dirname, '../..')
const bin = join(repository, 'node_modules/.bin')
const runner = join(import.meta.dirname, 'tap-files.ts')

export interface Suite {
  readonly files: readonly string[]
  /** Files to run at a time. */
  readonly jobs: number
  /** Limit per file. */
  readonly timeoutSeconds: number
}

/**
 * The suites below `paths` (without any: all but `test/long`), except files that need one of `leftOut`: first files
 * without machines, those of `test/` ahead because they take longest, then those with, one at a time by name. Time
 * limits are longer on a busy computer. Throws a usage error for a path without tests.
 */
export async function findSuites(
  paths: readonly string[],
  leftOut: readonly string[] = [],
  root = repository,
): Promise<Suite[]> {
  const all = await Array.fromAsync(glob('{app,benchmarks,checker,nginx,tasks,test}/**/*.test.ts', { cwd: root }))
  const wanted = paths.map((path) => path.replace(/^\.\//, '').replace(/\/+$/, ''))
  const isBelow = (file: string, path: string) => file === path || file.startsWith(`${path}/`)
  const lost = wanted.find((path) => !all.some((file) => isBelow(file, path)))
  if (lost !== undefined) {
    throw new OperatorError('usage', `no test file is at or below ${lost}`, { hint: 'npm test -- checker/' })
  }
  const isLong = (file: string) => file.startsWith('test/long/')
  const isBroad = (file: string) => file.startsWith('test/')
  const isWanted = (file: string) => wanted.some((path) => isBelow(file, path) && (!isLong(file) || isLong(`${path}/`)))
  const free: string[] = []
  const machines: string[] = []
  for (const file of all.filter((one) => (wanted.length === 0 ? !isLong(one) : isWanted(one))).sort()) {
    const words = neededWords(await readFile(join(root, file), 'utf8'))
    if (!words.some((word) => leftOut.includes(word))) (words.includes('machines') ? machines : free).push(file)
  }
  const inOrder = [...free.filter(isBroad), ...free.filter((file) => !isBroad(file))]
  return [
    { files: inOrder, jobs: filesAtATime, timeoutSeconds: slowed(600) },
    { files: machines, jobs: 1, timeoutSeconds: slowed(3600) },
  ].filter((suite) => suite.files.length > 0)
}

/** Runs a suite; reports each finished file and every failure in full to `progress`. */
export async function runSuite(suite: Suite, progress: Progress, signal?: AbortSignal): Promise<TapReport> {
  const report = new TapReport((file) => progress.event(fileLine(file)))
  const argv = [runner, String(suite.jobs), String(suite.timeoutSeconds), ...suite.files]
  const child = execa(process.execPath, argv, { ...tapOptions, buffer: { stdout: false }, detached: true })
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

/**
 * The runner does not forward signals to its tests, so they run in their own process group, which can be ended as a
 * whole.
 */
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
