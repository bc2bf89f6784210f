import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'

const repository = join(import.meta.dirname, '../..')
const clone = t.testdir()
for (const name of ['tasks', 'checker', 'package.json', 'docs/reference.md']) {
  mkdirSync(join(clone, 'docs'), { recursive: true })
  cpSync(join(repository, name), join(clone, name), { recursive: true })
}
symlinkSync(join(repository, 'node_modules'), join(clone, 'node_modules'))

/** Declares a setting in a table of the clone, in one place. */
function declare(file: string, before: string, declaration: string): void {
  const text = readFileSync(join(clone, file), 'utf8')
  t.match(text, before)
  writeFileSync(join(clone, file), text.replace(before, `${declaration}\n  ${before}`))
}

async function run(script: string, words: string[], env: NodeJS.ProcessEnv = {}) {
  const { stdout, stderr } = await execa(process.execPath, [join(clone, script), ...words], {
    env: { NODE_OPTIONS: '', ...env },
    stdin: 'ignore',
    reject: false,
  })
  return stdout + stderr
}

const main = 'tasks/terminal/main.ts'
const wrong = 'expected a whole number from 1 to 9, got "x"'

t.test('a setting declared in one place works everywhere', async (t) => {
  const wording = `{ help: 'how loud it is', flag: 'loudness', verbs: ['status'] }`
  declare(
    'tasks/settings/settings.ts',
    'aws: awsSettings,',
    `tone: { loudness: setting(wholeNumber(1, 9), 4, ${wording}) },`,
  )
  t.match(
    await run(main, ['status', '--help']),
    /^ {2}--loudness NUMBER +how loud it is \(default: 4\) \[tone\.loudness\]$/m,
  )
  t.match(await run(main, ['status', '--loudness', 'x']), `error: --loudness: ${wrong}`)
  t.match(await run(main, ['status', '--loudnes', '3']), 'unknown flag; did you mean --loudness?')
  t.match(await run(main, ['roll', '--loudness', '3']), '--loudness: not a flag of roll; of status')
  t.match(await run(main, ['status'], { BAKEROLL_TONE_LOUDNESS: 'x' }), `BAKEROLL_TONE_LOUDNESS: ${wrong}`)
  writeFileSync(join(clone, 'loud.ts'), `export default { tone: { loudness: 'x' } }`)
  t.match(await run(main, ['status', '--config', join(clone, 'loud.ts')]), `tone.loudness: ${wrong}`)
  t.match(await run(main, ['completion', 'bash']), '--loudness)')
  t.match(await run(main, ['completion', 'zsh']), '--loudness=[how loud it is]')
  t.match(await run(main, ['completion', 'fish']), "-l loudness -x -a '' -d 'how loud it is'")
  await run(main, ['reference'])
  const page = readFileSync(join(clone, 'docs/reference.md'), 'utf8')
  t.match(page, '- `--loudness NUMBER`: how loud it is (default: 4)')
  t.match(page, '| `tone.loudness` | `BAKEROLL_TONE_LOUDNESS` | `--loudness` | 4 |')
})

t.test('an option of check works in the verb and in the checker alone', async (t) => {
  const declaration = `loudness: setting(wholeNumber(1, 9), 4, { flag: 'loudness', help: 'how loud it is', group: 'show' }),`
  declare('checker/options/options.ts', 'output: optional(file, {', declaration)
  for (const [script, words] of [
    [main, ['check']],
    ['checker/main.ts', []],
  ] as const) {
    t.match(await run(script, [...words, '--help']), /^ {2}--loudness NUMBER +how loud it is \(default: 4\)/m)
    t.match(await run(script, [...words, 'http://a', '--loudness', 'x']), `error: --loudness: ${wrong}`)
    const env = { BAKEROLL_CHECK_LOUDNESS: 'x' }
    t.match(await run(script, [...words, 'http://a'], env), `BAKEROLL_CHECK_LOUDNESS: ${wrong}`)
  }
  writeFileSync(join(clone, 'loud.ts'), 'export default { check: { loudness: 10 } }')
  const said = await run(main, ['check', 'http://a', '--config', join(clone, 'loud.ts')])
  t.match(said, 'check.loudness: expected a whole number from 1 to 9, got 10')
  await run(main, ['reference'])
  t.match(readFileSync(join(clone, 'docs/reference.md'), 'utf8'), '| `check.loudness` | `BAKEROLL_CHECK_LOUDNESS` |')
})
