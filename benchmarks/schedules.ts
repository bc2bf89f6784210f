/**
 * Plays 10,000 random rolls of the property tests, in one process per processor, and writes the outcomes to
 * results/schedules.md. Fails when a roll broke a promise. BAKEROLL_TEST_SCHEDULES is the number for the first property.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

const repository = join(import.meta.dirname, '..')
const file = 'tasks/lib/roll/roll.property.test.ts'
/** With the other properties, which are played less often, the total is 10,000. */
const share = Math.ceil(Number(process.env['BAKEROLL_TEST_SCHEDULES'] ?? '5400') / availableParallelism())

/** One process with its share; each has its own seeds, the first those of `npm test`. */
async function play(nth: number): Promise<string> {
  const seed = nth === 0 ? {} : { BAKEROLL_TEST_SEED: String(5 + nth) }
  const env = { ...seed, BAKEROLL_TEST_SCHEDULES: String(share), TAP_TIMEOUT: '14400' }
  const { stdout, exitCode } = await execa(process.execPath, [file], { cwd: repository, env, reject: false })
  if (exitCode !== 0) throw new Error(`BAKEROLL_TEST_SEED=${env.BAKEROLL_TEST_SEED ?? ''}\n${stdout}`)
  return stdout
}

const startedAt = performance.now()
const played = await Promise.all(Array.from({ length: availableParallelism() }, (_, nth) => play(nth)))
const minutes = Math.round((performance.now() - startedAt) / 60_000)
const count = (pattern: RegExp) => (text: string) => [...text.matchAll(pattern)].map(([, number]) => Number(number))
const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)
const names = [...(played[0] ?? '').matchAll(/^ok \d+ - (.*?)(?: # time=.*)?$/gm)].map(([, name]) => name)
const perProcess = played.map(count(/^ +ok \d+ - (\d+) schedules$/gm))
const counts = names.map((_, property) => sum(perProcess.map((numbers) => numbers[property] ?? 0)))
const outcomes = ['rolled', 'rolled-back', 'failed'].map((outcome) => {
  const ended = sum(played.flatMap(count(new RegExp(`# \\d+ schedules: .*\\b(?<!-)${outcome} (\\d+)`, 'g'))))
  return `${ended} ${outcome}`
})
const lines = [
  '# Random rolls',
  '',
  `Played on ${new Date().toISOString().slice(0, 10)}, by \`node_modules/.bin/node benchmarks/schedules.ts\` in ${minutes} minutes: ${sum(counts)} random fleets,`,
  `policies, schedules of faults and killed clients, from [${file}](../../${file}). No promise was broken.`,
  `Outcomes of the first property: ${outcomes.join(', ')}.`,
  '',
  '| property | schedules |',
  '|---|---|',
  ...names.map((name, property) => `| ${name} | ${counts[property]} |`),
  '',
]
writeFileSync(join(import.meta.dirname, 'results/schedules.md'), lines.join('\n'))
console.log(lines.join('\n'))
