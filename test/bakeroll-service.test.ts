/** How an instance starts its service: the program of the role `service`, against the stand-in of the metadata service. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { localSecrets } from '../tasks/platforms/local/secrets.ts'
import { answer } from '../tasks/tools/metadata-service.ts'
import { hardValues, planted, serve, serviceMachine } from './service-machine.ts'

const service = {
  image: 'bakeroll/service:1.4.0',
  arguments: ['--restart', 'always', '--env', 'GREETING=hello world'],
  command: ['serve', '--quietly please'],
  secrets: Object.keys(hardValues),
}
const metadata = { '/latest/user-data': JSON.stringify({ secrets: 'metadata' }) }

/** A machine whose metadata service is asked as QEMU's stand-in would be, with the secrets of this moment. */
async function machine(t: Test, of: object = service, { said = metadata }: { said?: Record<string, string> } = {}) {
  const secrets: Record<string, string> = {}
  const url = await serve(t, (request, response) => answer(said, request, response, { secrets: () => secrets }))
  return { secrets, ...serviceMachine(t, of, { BAKEROLL_METADATA: url }) }
}

t.test('values reach the environment of the container byte for byte, and nothing else', async (t) => {
  const { secrets, text, calls, environment, run } = await machine(t)
  Object.assign(secrets, hardValues, { OTHER: 'planted, of another service' })
  t.match(await run(['start']), { exitCode: 0, stdout: '', stderr: '' })
  const { HOME, PATH, PWD, ...given } = environment()
  t.strictSame(given, hardValues)
  const names = Object.keys(hardValues).flatMap((name) => ['--env', name])
  const words = [...service.arguments, ...names, service.image, ...service.command]
  t.strictSame(calls().at(-1), ['run', '--detach', '--pull', 'never', '--name', 'service', ...words])
  t.notMatch(text('calls'), planted, 'no argument holds a value')
  t.notMatch(text('service.json'), planted)
})

t.test('a service without secrets asks nobody', async (t) => {
  const { calls, environment, run } = serviceMachine(
    t,
    { image: 'x:1', arguments: [], command: [] },
    { BAKEROLL_METADATA: 'http://127.0.0.1:1' },
  )
  t.match(await run(['start']), { exitCode: 0, stderr: '' })
  t.strictSame(calls().at(-1), ['run', '--detach', '--pull', 'never', '--name', 'service', 'x:1'])
  const { HOME, PATH, PWD, ...given } = environment()
  t.strictSame(given, {})
})

t.test('a running container is stopped in its own time, and removed with what Docker keeps of it', async (t) => {
  const { secrets, file, calls, run } = await machine(t)
  Object.assign(secrets, hardValues)
  await run(['start'])
  await run(['start'])
  t.strictSame(
    calls().map(([word]) => word),
    ['ps', 'run', 'ps', 'stop', 'rm', 'run'],
  )
  t.match(await run(['stop']), { exitCode: 0 })
  t.notOk(existsSync(file('container')))
})

t.test('it waits for a value that is set later, and says which', async (t) => {
  const { PLAIN = '', ...others } = hardValues
  const { secrets, environment, run } = await machine(t)
  Object.assign(secrets, others)
  const running = run(['start'])
  running.stderr?.once('data', () => Object.assign(secrets, { PLAIN }))
  const { exitCode, stderr } = await running
  t.equal(exitCode, 0)
  t.equal(
    stderr,
    'bakeroll-service: waiting: no value for PLAIN: bakeroll secret set NAME sets one\n',
    'once, and no value',
  )
  t.equal(environment()['PLAIN'], PLAIN)
})

const unanswerable: [what: string, said: Record<string, string>, reason: RegExp][] = [
  ['no user data', {}, /the user data of this instance do not say where its secrets are/],
  [
    'user data of others',
    { '/latest/user-data': '#!/bin/sh\necho' },
    /an answer that cannot be read \(JSONDecodeError\)/,
  ],
  ['a list', { '/latest/user-data': '[1]' }, /an answer that cannot be read \(AttributeError\)/],
  ['another place', { '/latest/user-data': '{"secrets":"vault:x"}' }, /do not say where/],
  ['no role', { '/latest/user-data': '{"secrets":"ssm:/bakeroll-secrets/x"}' }, /no role to read its secrets with/],
]
for (const [what, said, reason] of unanswerable) {
  t.test(`${what}: it says why there is no container, and exits 1 when its time is up`, async (t) => {
    const { file, run } = await machine(t, service, { said })
    const { exitCode, stderr } = await run(['start', '0'])
    t.equal(exitCode, 1)
    t.match(stderr, reason)
    t.notOk(existsSync(file('environment')))
  })
}

t.test('a metadata service that is not there, refuses, or hangs up is asked again', async (t) => {
  let failures = 0
  const url = await serve(t, (request, response) => {
    failures += 1
    if (failures === 1) return void response.destroy()
    if (failures === 2) return void response.writeHead(503).end('busy')
    answer(metadata, request, response, { secrets: () => hardValues })
  })
  const { environment, run } = serviceMachine(t, service, { BAKEROLL_METADATA: url })
  const { exitCode, stderr } = await run(['start'])
  t.equal(exitCode, 0)
  t.match(stderr, /waiting: instance metadata: RemoteDisconnected.*\n.*waiting: instance metadata: 503/)
  t.equal(environment()['PLAIN'], hardValues['PLAIN'])
})

t.test('what docker says of a failure is told without the values', async (t) => {
  const { secrets, file, run } = await machine(t, { ...service, secrets: [...service.secrets, 'EMPTY'] })
  Object.assign(secrets, hardValues, { EMPTY: '' })
  writeFileSync(file('broken'), '')
  const { exitCode, stderr } = await run(['start'])
  t.equal(exitCode, 125)
  t.match(stderr, /^bakeroll-service: docker run: [\s\S]*^EMPTY=\n[\s\S]*\[secret\]/m)
  t.notMatch(stderr, planted)
})

t.test('wrong words', async (t) => {
  const { run } = await machine(t)
  for (const words of [[], ['begin'], ['start', 'soon'], ['start', '1', '2'], ['stop', 'now']]) {
    t.match(await run(words), { exitCode: 2, stderr: /^usage: bakeroll-service start/ }, words.join(' '))
  }
})

t.test('the unit says nothing that its program does not know, and waits as long as it takes', async (t) => {
  const folder = join(import.meta.dirname, '../ansible/roles/service/files')
  const unit = readFileSync(join(folder, 'bakeroll-service.service'), 'utf8')
  t.match(unit, /^ExecStart=\/usr\/local\/sbin\/bakeroll-service start$/m)
  t.match(unit, /^ExecStop=\/usr\/local\/sbin\/bakeroll-service stop$/m)
  t.match(unit, /^TimeoutStartSec=infinity$/m)
})

t.test('the store of the local platform', async (t) => {
  const folder = join(t.testdir(), 'groups', 'shop')
  const store = localSecrets(folder)
  t.strictSame(await store.list(), [])
  t.equal(await store.unset('PLAIN'), false)
  for (const [name, value] of Object.entries(hardValues)) await store.set(name, value)
  for (const [name, value] of Object.entries(hardValues)) {
    t.equal(readFileSync(join(folder, 'secrets', name), 'utf8'), value)
  }
  t.strictSame(
    (await store.list()).map(({ name }) => name),
    Object.keys(hardValues).sort(),
  )
})
