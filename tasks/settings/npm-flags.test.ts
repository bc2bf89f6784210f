import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { flagsKeptByNpm, keptByNpm } from './npm-flags.ts'
import { flagsOf } from './settings.ts'
import { verbNames } from './verbs.ts'

const repository = join(import.meta.dirname, '../..')
const everyFlag = [...new Set(verbNames.flatMap((verb) => [...flagsOf(verb).keys()]))].filter(
  (flag) => flag !== 'verbose',
)
// The settings of the npm that runs this test must not reach the npm under test.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))

/** What a package script sees when the real npm is called with these words. */
async function wordsOfNpm(folder: string, words: readonly string[]): Promise<string[]> {
  const { stdout } = await execa('npm', ['run', '-s', 'check', ...words], { cwd: folder, env, extendEnv: false })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

t.test('real npm: notices every flag of every verb typed before the --', async (t) => {
  const folder = t.testdir()
  const reader = JSON.stringify(join(import.meta.dirname, 'npm-words.ts'))
  await writeFile(
    join(folder, 'tell.ts'),
    `import { npmWords } from ${reader}\nconsole.log(JSON.stringify(npmWords()))\n`,
  )
  const scripts = { check: `exec ${process.execPath} tell.ts` }
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'x', version: '1.0.0', type: 'module', scripts }),
  )
  const forms: [words: string[], told: string[]][] = [
    [everyFlag.flatMap((flag) => [`--${flag}`, 'x']), everyFlag.map((flag) => `--${flag}`)],
    [everyFlag.map((flag) => `--${flag}=x`), everyFlag.map((flag) => `--${flag}`)],
    [everyFlag.map((flag) => `--${flag}`), everyFlag.map((flag) => `--${flag}`)],
    [['--verbose'], ['--verbose']],
    [
      ['-f', '-x', '--relese', '1.2', '--fo=json', '-pl'],
      ['--force', '-x', '--relese', '--fo', '--parseable', '--long'],
    ],
  ]
  for (const [words, flags] of forms) {
    const read = await wordsOfNpm(folder, [...words, '--', '--samples', '3'])
    const problems = keptByNpm('check', read)?.problems.map((problem) => problem.split(':')[0]) ?? []
    t.same(
      flags.filter((flag) => !problems.includes(flag)),
      [],
      words.slice(0, 6).join(' '),
    )
  }
  const innocent = [
    '--loglevel',
    'error',
    '--prefix',
    folder,
    '--ignore-scripts=false',
    'http://a',
    '--',
    '--samples=3',
  ]
  t.equal(keptByNpm('check', await wordsOfNpm(folder, innocent)), undefined)
})

t.test('suggests the command that was meant', (t) => {
  const cases: [verb: 'bake' | 'check' | 'roll' | 'test', words: string, command: string | undefined][] = [
    ['bake', 'run bake --parseable --long --all --no-yes', 'npm run bake -- --plan'],
    ['bake', 'run --loglevel silent bake --force --parseable --long --all --no-yes', 'npm run bake -- --force --plan'],
    ['check', 'run check http://a --format json -- --samples 3', 'npm run check -- http://a --format json --samples 3'],
    ['roll', 'start roll --engine refresh', 'npm run roll -- --engine refresh'],
    ['roll', '--dry-run run roll', 'npm run roll -- --dry-run'],
    ['roll', 'run roll --loglevel verbose', 'npm run roll -- --verbose'],
    ['roll', 'run --prefix /there roll --prefix /there -- --dry-run', undefined],
    ['test', 't tasks/lib --json', 'npm test -- tasks/lib --json'],
  ]
  for (const [verb, words, command] of cases) t.equal(keptByNpm(verb, words.split(' '))?.command, command, words)
  t.end()
})

t.test("without npm's log, finds most flags in the environment", (t) => {
  const plan = {
    npm_lifecycle_event: 'bake',
    npm_config_parseable: 'true',
    npm_config_long: 'true',
    npm_config_all: 'true',
  }
  t.match(flagsKeptByNpm('bake', plan), [/^--plan: npm kept it for itself/])
  t.match(flagsKeptByNpm('roll', { npm_lifecycle_event: 'roll', npm_config_engine_strict: 'true' }), [/^--engine: /])
  t.same(flagsKeptByNpm('roll', { npm_lifecycle_event: 'roll', npm_config_all: 'true' }), [])
  t.end()
})

t.test('the verbs refuse such flags, however npm was called', async (t) => {
  const cases: [words: string[], exitCode: number, hint: string][] = [
    [['bake', '--plan'], 2, 'npm run bake -- --plan'],
    [['bake', '--dry-run'], 2, 'npm run bake -- --dry-run'],
    [['roll', '--engine=refresh'], 2, 'npm run roll -- --engine refresh'],
    [['check', '--format=json'], 3, 'npm run check -- --format json'],
  ]
  for (const [words, exitCode, hint] of cases) {
    const ended = await execa('npm', ['run', '-s', ...words], { cwd: repository, env, extendEnv: false, reject: false })
    t.equal(ended.exitCode, exitCode, words.join(' '))
    t.match(ended.stderr, `hint:  ${hint}`)
  }
})
