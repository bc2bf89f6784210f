import { appendFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { findSuites } from './tap-run.ts'
import { testSlowness } from './test-pace.ts'
import { addTo, prepareSuites, runSuites, type TestRun, testResult } from './test-run.ts'

const repository = join(import.meta.dirname, '../..')
const resultsFile = join(repository, 'benchmarks/results/long.tsv')

/**
 * `npm run test:long`: the suites of `test/long`; appends one line per file to benchmarks/results/long.tsv, whatever
 * the outcome.
 */
export default async function testLong(context: TaskContext): Promise<TaskResult> {
  const suites = await findSuites(['test/long'])
  await prepareSuites(suites, context)
  const total: TestRun = { passed: 0, failed: 0, skipped: 0, failures: [] }
  for (const suite of suites) {
    for (const file of suite.files) {
      const [startedMs, load] = [Date.now(), loadavg()[0] ?? 0]
      const count = await runSuites([{ ...suite, files: [file] }], context)
      addTo(total, count)
      const seconds = Math.round((Date.now() - startedMs) / 1000)
      const facts = [
        `${count.passed} passed`,
        `${count.failed} failed`,
        `${seconds} s`,
        `load before it ${load.toFixed(1)}`,
      ]
      const when = [new Date().toISOString().slice(0, 16), await commit()]
      await appendFile(resultsFile, `${[...when, file, ...facts, `limits times ${testSlowness}`].join('\t')}\n`)
    }
  }
  return testResult(total)
}

async function commit(): Promise<string> {
  const argv = ['-C', repository, 'describe', '--always', '--dirty', '--exclude=*']
  const { stdout, failed } = await execa('git', argv, { reject: false, stdin: 'ignore' })
  return failed ? 'no clone' : stdout.trim()
}
