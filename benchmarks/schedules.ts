/**
 * Plays 10,000 random rolls of the property tests, or as many as BAKEROLL_TEST_SCHEDULES says, and writes what came of them
 * to results/schedules.md. Fails when one of them broke a promise.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'

const repository = join(import.meta.dirname, '..')
const file = 'tasks/lib/roll/roll.property.test.ts'
const BAKEROLL_TEST_SCHEDULES = process.env['BAKEROLL_TEST_SCHEDULES'] ?? '10000'

const env = { BAKEROLL_TEST_SCHEDULES, TAP_TIMEOUT: '14400' }
const { stdout, exitCode } = await execa(process.execPath, [file], { cwd: repository, env, reject: false })
const properties = [...stdout.matchAll(/^(ok|not ok) \d+ - (.*?)(?: # time=.*)?$/gm)]
const outcomes = /# (\d+ schedules: .*)$/m.exec(stdout)?.[1]
if (exitCode !== 0 || outcomes === undefined) throw new Error(stdout)
const lines = [
  '# Random rolls',
  '',
  `Of ${new Date().toISOString().slice(0, 10)}, by \`node_modules/.bin/node benchmarks/schedules.ts\`: random fleets, policies, schedules of faults`,
  `and killed clients, played by [${file}](../../${file}). ${outcomes}.`,
  '',
  '| property | |',
  '|---|---|',
  ...properties.map(([, result, name]) => `| ${name} | ${result} |`),
  '',
]
writeFileSync(join(import.meta.dirname, 'results/schedules.md'), lines.join('\n'))
console.log(lines.join('\n'))
