// needs: aws
/* A server that takes every connection and never says a word, in the place of AWS: each verb ends by itself, or when it is told to. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { carriesOn } from '../../tasks/settings/verbs.ts'
import { emulatedEnvironment } from './moto.ts'

const repository = join(import.meta.dirname, '../..')
/** Long past the time that the docs give, so that only a verb without an end meets it. */
const killAfterMs = 500_000
t.setTimeout(600_000)
// They wait for nothing but time, so they wait together.
t.jobs = 4
// A new one each time: tap writes into it.
const together = () => ({ buffered: true })

async function startSilence(t: Test, onConnection: (socket: Socket) => void = () => {}): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

interface End {
  readonly code: number | null
  readonly signal: string | null
  readonly stderr: string
}

async function run(
  home: string,
  env: NodeJS.ProcessEnv,
  words: readonly string[],
  onStart: (child: ChildProcess) => void = () => {},
): Promise<End> {
  const child = spawn(process.execPath, [join(repository, 'tasks/terminal/main.ts'), ...words, '--platform', 'aws'], {
    cwd: repository,
    env: { ...process.env, BAKEROLL_HOME: home, BAKEROLL_AWS_REACH: 'none', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: killAfterMs,
    killSignal: 'SIGKILL',
  })
  onStart(child)
  const [stderr, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'close')])
  return { code, signal, stderr }
}

const verbs = [
  'bake',
  'images',
  'deploy --yes',
  'roll --yes',
  'check --instances',
  'heal',
  'status',
  'logs',
  'destroy --yes',
]

t.test('each verb, from its first call on', together(), async (t) => {
  const home = t.testdir()
  const env = emulatedEnvironment(await startSilence(t))
  await Promise.all(
    verbs.map(async (verb) => {
      const { code, signal, stderr } = await run(home, env, verb.split(' '))
      t.equal(signal, null, `${verb} ends by itself`)
      t.equal(code, 3, `${verb}: ${stderr}`)
      t.match(stderr, /error: \w+: no answer from 127\.0\.0\.1 within \d+ s, tried \d times/, verb)
      t.match(stderr, /hint: {2}unset AWS_ENDPOINT_URL/, verb)
    }),
  )
})

t.test('each verb, told to stop while it waits for an answer', together(), async (t) => {
  const home = t.testdir()
  await Promise.all(
    [...verbs, 'doctor'].map(async (verb) => {
      let child: ChildProcess | undefined
      // Once: a verb may ask on two connections at a time, and the second signal would end it at once.
      const stop = () => {
        child?.kill('SIGTERM')
        child = undefined
      }
      const url = await startSilence(t, (socket) => socket.once('data', stop))
      const end = await run(home, emulatedEnvironment(url), verb.split(' '), (started) => {
        child = started
      })
      t.equal(end.code, 130, `${verb}: ${end.stderr}`)
      const said = carriesOn(verb.split(' ')[0] ?? '')
        ? /^warning: stopping; npm run .* carries on from here \(Ctrl-C/m
        : /^warning: stopping \(Ctrl-C/m
      t.match(end.stderr, said, verb)
      t.notMatch(end.stderr, /no answer|not stopped within/, verb)
    }),
  )
})

t.test('a doctor makes a finding of it', together(), async (t) => {
  const { code, signal, stderr } = await run(t.testdir(), emulatedEnvironment(await startSilence(t)), ['doctor'])
  t.equal(signal, null)
  t.equal(code, 5, stderr)
})

t.test('an answer that begins and goes on for ever', together(), async (t) => {
  const url = await startSilence(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    const drip = setInterval(() => socket.write('1\r\n \r\n'), 500)
    socket.on('close', () => clearInterval(drip))
  })
  const { code, signal, stderr } = await run(t.testdir(), emulatedEnvironment(url), ['status'])
  t.equal(signal, null)
  t.equal(code, 3, stderr)
  t.match(stderr, /no answer from 127\.0\.0\.1 within \d+ s/)
})

t.test('credentials that never come', together(), async (t) => {
  const home = t.testdir()
  const program = join(home, 'no-credentials')
  writeFileSync(program, '#!/bin/sh\nexec sleep 300\n')
  chmodSync(program, 0o755)
  const config = join(home, 'config')
  writeFileSync(config, `[default]\nregion = eu-central-1\ncredential_process = ${program}\n`)
  const env = {
    AWS_CONFIG_FILE: config,
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_ENDPOINT_URL: await startSilence(t),
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_SESSION_TOKEN: undefined,
  }
  const { code, signal, stderr } = await run(home, env, ['status'])
  t.equal(signal, null)
  t.equal(code, 3, stderr)
  t.match(stderr, /error: \w+: no credentials within 35 s/)
})
