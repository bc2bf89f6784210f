import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { bareEnv } from './fixtures/bare-env.ts'

const play = join(import.meta.dirname, 'fixtures/play.ts')

async function run(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [play, ...words], {
    env: { ...bareEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, exitCode }
}

const forbidden = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

t.test('results, progress, errors, stacks and JSON contain no control characters from a machine', async (t) => {
  const groups = ['result', 'fail', 'crash', 'ask']
  const told = await Promise.all(groups.map((group) => run(['hostile', 'roll', '--verbose', '--group', group])))
  for (const { stdout, stderr } of told) t.notMatch(stdout + stderr, forbidden)
  t.match(told[0], { stdout: /result \\u001b\[2J\\u009b31m/, stderr: /event .*\n[\s\S]*detail/ })
  t.match(told[1]?.stderr, /error: failed \\u001b[\s\S]*cause: Error/)
  const { stdout } = await run(['hostile', 'logs', '--json'])
  t.notMatch(stdout, forbidden)
  t.match(JSON.parse(stdout).said, '\u001b[2J\u009b31m', 'a program reads what was sent')
})

t.test('words suggested commands for the way the program was called', async (t) => {
  const env = { BAKEROLL_PROGRAM: '../bake roll/bakeroll' }
  const called = "'../bake roll/bakeroll'"
  t.match(await run(['hostile', 'roll'], env), { stdout: `; ${called} roll --force\n` })
  t.match(await run(['hostile', 'roll', '--group', 'fail'], env), { stderr: `error: ${called} heal\n` })
  t.match(await run(['fail', 'rol'], env), { stderr: `hint:  ${called} --help lists every verb\n` })
  t.match(await run(['crash', 'roll', '--batch', '2'], env), { stderr: `${called} roll --batch 2\n` })
  t.match(await run(['fail', 'roll', '--help'], env), { stdout: `usage: ${called} roll [flags]` })
  t.match(await run(['hostile', 'logs'], env), { stdout: '; npm run roll -- --force\n' })
})
