import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { bareEnv } from './fixtures/bare-env.ts'

const play = join(import.meta.dirname, 'fixtures/play.ts')
const main = join(import.meta.dirname, 'main.ts')

function start(script: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [script, ...words], {
    env: { ...bareEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [exitCode]]) => ({ stdout, stderr, exitCode }),
  )
  return { child, ended }
}

const run = (words: readonly string[], env?: NodeJS.ProcessEnv) => start(play, words, env).ended

t.test('prints the result on stdout and progress on stderr', async (t) => {
  t.same(await run(['result', 'deploy']), { stdout: 'port 8080\n', stderr: 'at work\n', exitCode: 0 })
  t.same(await run(['output', 'status']), { stdout: 'A  B\n1  2\n', stderr: '', exitCode: 0 })
  t.same(await run(['exit', 'roll']), { stdout: 'back\n', stderr: '', exitCode: 4 })
  t.same(await run(['print', 'logs']), { stdout: 'a log line\n', stderr: '', exitCode: 0 })
})

t.test('with --json, stdout is one document', async (t) => {
  const cases: [words: string[], document: unknown, exitCode: number][] = [
    [['result', 'deploy', '--json'], { ok: true, port: 8080 }, 0],
    [['exit', 'roll', '--json'], { ok: false, outcome: 'rolled-back' }, 4],
    [['print', 'logs', '--json'], { ok: true, lines: 1 }, 0],
    [
      ['fail', 'roll', '--json', '--group', 'failed'],
      { ok: false, error: { message: 'it broke', hint: 'mend it', kind: 'failed' } },
      5,
    ],
    [['crash', 'roll', '--json'], { ok: false, error: { message: 'undefined is not a moon', kind: 'defect' } }, 1],
    [['result', 'deploy', '--json', '--size', '0'], { ok: false, error: { kind: 'usage' } }, 2],
    [
      ['result', 'check', '--json', '--samples', '0'],
      { ok: false, verdict: 'unknown', targets: [], error: { kind: 'usage' } },
      3,
    ],
    [['result', 'rol', '--json'], { ok: false, error: { message: 'rol: unknown verb; did you mean roll?' } }, 2],
  ]
  for (const [words, document, exitCode] of cases) {
    const result = await run(words)
    t.match(JSON.parse(result.stdout), document, words.join(' '))
    t.equal(result.exitCode, exitCode, words.join(' '))
  }
})

t.test('the kind of a failure sets the exit code', async (t) => {
  const stderr = 'error: it broke\nhint:  mend it\n'
  for (const [kind, exitCode] of Object.entries({ usage: 2, refused: 3, 'put-back': 4, failed: 5, interrupted: 130 })) {
    t.same(await run(['fail', 'roll', '--group', kind]), { stdout: '', stderr, exitCode }, kind)
  }
  t.same(await run(['fail', 'check', '--group', 'failed']), { stdout: '', stderr, exitCode: 3 })
  t.match(await run(['fail', 'roll', '--group', 'failed', '--verbose']), {
    stderr: /hint: {2}mend it\ncause: Error: the cause\n/,
  })
})

t.test('any other error is a defect: stack, request to report, exit code 1 (3 for check)', async (t) => {
  const stderr =
    /TypeError: undefined is not a moon\n +at .*play\.ts[\s\S]*\nerror: undefined is not a moon\nhint: {2}this is a defect of bakeroll: please report it .*: npm run roll -- --batch 2\n$/
  t.match(await run(['crash', 'roll', '--batch', '2']), { stdout: '', stderr, exitCode: 1 })
  t.match(await run(['crash', 'check', '--format', 'nagios']), {
    stdout: 'CHECK UNKNOWN - undefined is not a moon\n',
    exitCode: 3,
  })
  t.match(await run(['lateCrash', 'roll']), { stderr: /^cleaned\n[\s\S]*nobody awaited this/, exitCode: 1 })
})

t.test('a question is answered by --yes and refused without a terminal', async (t) => {
  t.same(await run(['ask', 'destroy', '--yes']), { stdout: 'removed\n', stderr: '', exitCode: 0 })
  t.same(await run(['ask', 'destroy', '--group', 'shop']), {
    stdout: '',
    stderr:
      'error: not confirmed, there is no terminal to ask on: Remove group x?\nhint:  npm run destroy -- --group shop --yes\n',
    exitCode: 3,
  })
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} lets the task unwind, runs its clean-ups and exits with 130`, async (t) => {
    const { child, ended } = start(play, ['wait', 'roll', '--batch', '2'])
    await waitFor(child.stderr, 'ready')
    child.kill(signal)
    child.kill(signal)
    const { stdout, stderr, exitCode } = await ended
    t.equal(exitCode, 130)
    t.equal(stdout, '')
    const lines = stderr.replace(/after .*/, 'after ...').split('\n')
    t.same(
      lines.map((line) => line.trim()),
      [
        'waiting ...',
        'ready',
        'warning: stopping; npm run roll -- --batch 2 carries on from here (Ctrl-C again ends it immediately)',
        'waiting: failed after ...',
        'cleaned',
        'first registered, last called',
        'error: roll interrupted',
        'hint:  npm run roll -- --batch 2 carries on from here',
        '',
      ],
    )
  })
}

t.test('a verb that starts over when called again does not claim to carry on', async (t) => {
  await Promise.all(
    ['test', 'lint', 'ssh', 'logs', 'check', 'doctor'].map(async (verb) => {
      const { child, ended } = start(play, ['wait', verb])
      await waitFor(child.stderr, 'ready')
      child.kill('SIGINT')
      const { stderr, exitCode } = await ended
      t.equal(exitCode, 130, verb)
      t.match(stderr, /^warning: stopping \(Ctrl-C again ends it immediately\)$/m, verb)
      t.match(stderr, new RegExp(`^error: ${verb} interrupted\n$`, 'm'))
      t.notMatch(stderr, /carries on|hint:/, verb)
    }),
  )
})

t.test('with --json, an interruption is a document, too', async (t) => {
  const { child, ended } = start(play, ['wait', 'roll', '--json'])
  await waitFor(child.stderr, 'ready')
  child.kill('SIGINT')
  const { stdout, exitCode } = await ended
  t.match(JSON.parse(stdout), { ok: false, error: { message: 'roll interrupted', kind: 'interrupted' } })
  t.equal(exitCode, 130)
})

t.test('a second Ctrl-C ends it at once, even during a hanging clean-up', async (t) => {
  const { child, ended } = start(play, ['hang', 'roll'])
  await waitFor(child.stderr, 'ready')
  child.kill('SIGINT')
  await waitFor(child.stderr, 'stopping')
  // Before that, a second signal counts as npm's echo of the first.
  await sleep(700)
  child.kill('SIGINT')
  const { stderr, exitCode } = await ended
  t.equal(exitCode, 130)
  t.notMatch(stderr, /error:/)
})

t.test('does not crash when its reader is gone', async (t) => {
  const child = spawn(process.execPath, [play, 'output', 'status'], { env: bareEnv })
  child.stdout.destroy()
  const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')])
  t.same({ stderr, exitCode }, { stderr: '', exitCode: 0 })
})

t.test('the real entry point prints help, the version and a hint for a mistyped verb', async (t) => {
  const version = /^\d+\.\d+\.\d+\n$/
  t.match(await start(main, ['--version']).ended, { stdout: version, exitCode: 0 })
  t.match(await start(main, ['roll', '--version']).ended, { stdout: version, exitCode: 0 })
  for (const words of [[], ['help'], ['--help'], ['-h']]) {
    t.match(await start(main, words).ended, { stdout: /^bakeroll .*\n\nusage: npm run VERB/, stderr: '', exitCode: 0 })
  }
  for (const words of [
    ['help', 'roll'],
    ['roll', '--help'],
    ['roll', '--nonsense', '--help'],
  ]) {
    t.match(await start(main, words).ended, { stdout: /^usage: npm run roll -- \[flags\]\n/, stderr: '', exitCode: 0 })
  }
  t.same(await start(main, ['rol']).ended, {
    stdout: '',
    stderr: 'error: rol: unknown verb; did you mean roll?\nhint:  npm start -- --help lists every verb\n',
    exitCode: 2,
  })
})

async function waitFor(stream: NodeJS.ReadableStream, word: string): Promise<void> {
  let seen = ''
  await new Promise<void>((resolve) => {
    stream.on('data', (chunk) => {
      seen += chunk
      if (seen.includes(word)) resolve()
    })
  })
}
