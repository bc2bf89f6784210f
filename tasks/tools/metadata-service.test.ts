import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { answer } from './metadata-service.ts'

const metadata = { 'instance-id': 'i-1', 'public-keys/0/openssh-key': 'ssh-ed25519 AAAA bakeroll' }
const ttl = 'x-aws-ec2-metadata-token-ttl-seconds'
const tokenHeader = 'x-aws-ec2-metadata-token'

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

type Answer = { status: number | undefined; body: string; server: string }

/** Sends a request on a new connection. */
function ask(port: number, method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, method, path, headers, agent: false }, async (response) => {
      const body = (await response.setEncoding('utf8').toArray()).join('')
      resolve({ status: response.statusCode, body, server: String(response.headers.server) })
    })
      .on('error', reject)
      .end()
  })
}

/** What any server of IMDSv2 must do. */
async function promises(t: Test, port: number): Promise<void> {
  const { status, body: token, server } = await ask(port, 'PUT', '/latest/api/token', { [ttl]: '300' })
  t.equal(status, 200, 'a token')
  t.match(token, /^[\w-]{20,}$/)
  t.equal(server, 'EC2ws')
  const withToken = { [tokenHeader]: token }
  const cases: [
    what: string,
    method: string,
    path: string,
    headers: Record<string, string>,
    status: number,
    body: string,
  ][] = [
    ['a value', 'GET', '/latest/meta-data/instance-id', withToken, 200, 'i-1'],
    [
      'a value below',
      'GET',
      '/latest/meta-data/public-keys/0/openssh-key',
      withToken,
      200,
      'ssh-ed25519 AAAA bakeroll',
    ],
    ['without a token, as IMDSv1', 'GET', '/latest/meta-data/instance-id', {}, 401, ''],
    ['with a wrong token', 'GET', '/latest/meta-data/instance-id', { [tokenHeader]: `${token}x` }, 401, ''],
    ['an unknown path, without a token', 'GET', '/latest/meta-data/nothing', {}, 401, ''],
    ['an unknown path', 'GET', '/latest/meta-data/nothing', withToken, 404, ''],
    ['a path that every object has', 'GET', '/latest/meta-data/constructor', withToken, 404, ''],
    ['another path', 'GET', '/instance-id', withToken, 404, ''],
    ['a value by another method', 'PUT', '/latest/meta-data/instance-id', withToken, 405, ''],
    ['a token by another method', 'GET', '/latest/api/token', { [ttl]: '300' }, 405, ''],
    ['a token without a life', 'PUT', '/latest/api/token', {}, 400, ''],
    ['a token with a life of no number', 'PUT', '/latest/api/token', { [ttl]: 'long' }, 400, ''],
  ]
  for (const [what, method, path, headers, status, body] of cases) {
    t.strictSame(await ask(port, method, path, headers), { status, body, server: 'EC2ws' }, what)
  }
  t.strictSame((await ask(port, 'GET', '/bakeroll/time')).status, 401, 'the time, without a token')
  const asked = Date.now()
  const { body } = await ask(port, 'GET', '/bakeroll/time', withToken)
  t.match(body, /^\d{13}$/)
  t.ok(Number(body) >= asked && Number(body) <= Date.now(), 'the time')
}

t.test('keeps the promises of IMDSv2 over a socket', async (t) => {
  const server = createServer((request, response) => answer(metadata, request, response))
  t.teardown(() => server.close())
  await promises(t, await listen(server))
})

t.test('as a program, serves one connection on stdin and stdout, as QEMU starts it', async (t) => {
  const file = join(t.testdir(), "it's metadata.json")
  writeFileSync(file, JSON.stringify(metadata))
  const ends: Promise<unknown[]>[] = []
  const server = createNetServer({ pauseOnConnect: true }, (socket: Socket) => {
    const program = [join(import.meta.dirname, 'metadata-service.ts'), file]
    ends.push(once(spawn(process.execPath, program, { stdio: [socket, socket, 'inherit'] }), 'exit'))
    socket.destroy()
  })
  t.teardown(() => server.close())
  const port = await listen(server)
  await promises(t, port)
  t.equal(ends.length, 15, 'one per connection')
  for (const end of ends) t.strictSame(await end, [0, null], 'it ends with its connection')
})

t.test('serves user data and the current secrets to holders of the token', async (t) => {
  const folder = t.testdir({ 'metadata.json': JSON.stringify({ '/latest/user-data': '{"secrets":"metadata"}' }) })
  const file = join(folder, 'metadata.json')
  const server = createNetServer({ pauseOnConnect: true }, (socket: Socket) => {
    spawn(process.execPath, [join(import.meta.dirname, 'metadata-service.ts'), file], {
      stdio: [socket, socket, 'inherit'],
    })
    socket.destroy()
  })
  t.teardown(() => server.close())
  const port = await listen(server)
  const { body: token } = await ask(port, 'PUT', '/latest/api/token', { [ttl]: '300' })
  const withToken = { [tokenHeader]: token }
  t.match(await ask(port, 'GET', '/latest/user-data', withToken), { status: 200, body: '{"secrets":"metadata"}' })
  t.match(await ask(port, 'GET', '/bakeroll/secrets', withToken), { status: 200, body: '{}' }, 'none yet')
  const values = { TOKEN: '"quoted"\nand a line\n', OTHER: '秘密' }
  mkdirSync(join(folder, 'secrets'))
  for (const [name, value] of Object.entries(values)) writeFileSync(join(folder, 'secrets', name), value)
  writeFileSync(join(folder, 'secrets/.TOKEN.1.tmp'), 'a draft')
  t.strictSame(JSON.parse((await ask(port, 'GET', '/bakeroll/secrets', withToken)).body), values)
  t.match(await ask(port, 'GET', '/bakeroll/secrets'), { status: 401, body: '' }, 'without the token')
  t.match(await ask(port, 'PUT', '/bakeroll/secrets', withToken), { status: 405, body: '' })
})

t.test('a machine gets at most four processes, however many connections it opens', async (t) => {
  const file = join(t.testdir({ "it's, metadata.json": '{}' }), "it's, metadata.json")
  const slots = join(import.meta.dirname, 'metadata-slots.sh')
  const start = () => spawn('sh', [slots, file, 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const programs = Array.from({ length: 40 }, start)
  t.teardown(() => programs.map((program) => program.kill()))
  // A running program echoes its input; one that found no slot has ended.
  const runs = await Promise.all(
    programs.map((program) => {
      program.stdin.on('error', () => {})
      program.stdin.write('x')
      return Promise.race([once(program.stdout, 'data').then(() => true), once(program, 'exit').then(() => false)])
    }),
  )
  const running = programs.filter((_, index) => runs[index])
  t.equal(running.length, 4)
  for (const program of running) program.stdin.end()
  await Promise.all(running.map((program) => once(program, 'exit')))
  const next = start()
  next.stdin.end('again')
  t.equal(String((await once(next.stdout, 'data'))[0]), 'again', 'a slot is free again')
})

t.test('serves several requests on one connection, as curl sends them', async (t) => {
  const file = join(t.testdir({ 'metadata.json': JSON.stringify(metadata) }), 'metadata.json')
  const program = spawn(process.execPath, [join(import.meta.dirname, 'metadata-service.ts'), file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(() => program.kill())
  const ended = once(program, 'exit')
  const read = async () => {
    let text = ''
    while (!text.endsWith('\r\n0\r\n\r\n')) text += String((await once(program.stdout, 'data'))[0])
    return text
  }
  program.stdin.write(`PUT /latest/api/token HTTP/1.1\r\nHost: x\r\n${ttl}: 60\r\n\r\n`)
  const token = (await read()).match(/\r\n([\w-]{43})\r\n/)?.[1]
  t.ok(token)
  for (const path of Object.keys(metadata)) {
    program.stdin.write(`GET /latest/meta-data/${path} HTTP/1.1\r\nHost: x\r\n${tokenHeader}: ${token}\r\n\r\n`)
    t.match(await read(), metadata[path as keyof typeof metadata])
  }
  program.stdin.end()
  t.strictSame(await ended, [0, null])
})
