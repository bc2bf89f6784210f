/** What an image does at boot and at a login: the shell scripts of the role `identity`, against a metadata service of ours. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { answer } from '../tasks/tools/metadata-service.ts'
import { onPath } from '../tasks/tools/path-fixture.ts'
import { hostKeyFrom } from '../tasks/tools/ssh.ts'

const files = join(import.meta.dirname, '../ansible/roles/identity/files')
const metadata = { 'instance-id': 'i-0a1', 'placement/availability-zone': 'local-1a' }
const launchKey = { 'public-keys/0/openssh-key': 'ssh-ed25519 AAAA launch\n' }
const ec2 = { 'services/domain': 'amazonaws.com' }

async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/latest`
}

/** A script with other constants in the place of its own; each must be there. */
function withConstants(t: Test, name: string, constants: Record<string, string>): string {
  return Object.entries(constants).reduce(
    (script, [constant, value]) => {
      const line = new RegExp(`^${constant}=.*$`, 'm')
      t.match(script, line)
      return script.replace(line, `${constant}='${value}'`)
    },
    readFileSync(join(files, name), 'utf8'),
  )
}

/** A machine before its boot; `boot` runs the identity script against what the metadata service says then. */
async function machine(t: Test, listener?: RequestListener, constants: Record<string, string> = {}) {
  const bin = onPath(t, { hostname: `echo "$1" >"$(dirname "$0")/named"` })
  const file = (name: string) => join(bin, name)
  let said: Record<string, string> = {}
  const imds = await serve(t, (request, response) => (listener ?? answer.bind(undefined, said))(request, response))
  const script = withConstants(t, 'bakeroll-identity', {
    imds,
    state: file('run'),
    key: file('ssh_host_ed25519_key'),
    console: file('console'),
    ...constants,
  })
  return {
    file,
    text: (name: string) => readFileSync(file(name), 'utf8'),
    boot: (values: Record<string, string> = {}) => {
      said = values
      return execa('sh', ['-c', script], { reject: false })
    },
  }
}

t.test('a machine with a launch key, away from EC2', async (t) => {
  const { file, text, boot } = await machine(t)
  t.match(await boot({ ...metadata, ...launchKey }), { exitCode: 0, stderr: '' })
  t.equal(text('named'), 'i-0a1\n')
  t.equal(text('run/authorized_keys'), launchKey['public-keys/0/openssh-key'])
  t.equal(statSync(file('run/authorized_keys')).mode & 0o777, 0o644)
  t.notOk(existsSync(file('run/sshd.conf')), 'no login waits for session keys')
  const key = text('ssh_host_ed25519_key.pub').trim()
  t.equal(hostKeyFrom(text('console')), key)
  t.match(await boot({ ...metadata, ...launchKey }), { exitCode: 0 })
  t.equal(hostKeyFrom(text('console')), key, 'the host key is made once')
  const spoiled = text('console').replace(/ssh-ed25519 /, 'ssh-[    7.1] random: crng init done\ned25519 ')
  t.equal(hostKeyFrom(spoiled), key, 'it is there again after a kernel message in the middle of it')
})

t.test('a machine on EC2 without a launch key', async (t) => {
  const { file, text, boot } = await machine(t)
  writeFileSync(file('ssh_host_ed25519_key'), 'made by cloud-init')
  writeFileSync(file('ssh_host_ed25519_key.pub'), 'ssh-ed25519 AAAA made by cloud-init\n')
  t.match(await boot({ ...metadata, ...ec2 }), { exitCode: 0, stderr: '' })
  t.notOk(existsSync(file('run/authorized_keys')))
  t.match(text('run/sshd.conf'), 'AuthorizedKeysCommand /usr/local/sbin/bakeroll-session-keys %u\n')
  t.match(text('console'), 'ssh-ed25519 AAAA made by cloud-init', 'what cloud-init made stays')
  t.match(await boot({ ...metadata, ...launchKey }), { exitCode: 0 }, 'the same disk elsewhere')
  t.notOk(existsSync(file('run/sshd.conf')))
  t.ok(existsSync(file('run/authorized_keys')))
})

/** The metadata of an instance on EC2, whose answers `fails` for a path may prevent. */
function failing(fails: (path: string, response: ServerResponse) => boolean): RequestListener {
  return (request, response) => {
    if (!fails(request.url ?? '', response)) answer({ ...metadata, ...ec2 }, request, response)
  }
}

for (const path of ['/api/token', '/instance-id', '/services/domain']) {
  for (const how of ['busy', 'hung up'] as const) {
    t.test(`the metadata service is ${how} at ${path} twice: it is asked again`, async (t) => {
      let failures = 2
      const listener = failing((url, response) => {
        if (!url.endsWith(path) || failures-- <= 0) return false
        if (how === 'busy') response.writeHead(503).end('busy')
        else response.destroy()
        return true
      })
      const { text, boot } = await machine(t, listener)
      t.match(await boot(), { exitCode: 0, stderr: '' })
      t.equal(failures < 0, true)
      t.equal(text('run/metadata/services-domain'), 'amazonaws.com')
      t.equal(text('named'), 'i-0a1\n')
    })
  }
}

const lasting = [
  ['/openssh-key', 'no openssh-key (status 401)'],
  ['/api/token', 'no token'],
] as const
for (const [path, reason] of lasting) {
  t.test(`a lasting failure at ${path} is told, and no host key is shown`, async (t) => {
    const listener = failing((url, response) => {
      if (url.endsWith(path)) response.writeHead(401).end()
      return url.endsWith(path)
    })
    const { file, boot } = await machine(t, listener, { attempts: '3' })
    const { exitCode, stderr } = await boot()
    t.equal(exitCode, 1)
    const told = `bakeroll-identity: the instance metadata service gives ${reason}`
    t.equal(stderr, told)
    t.equal(readFileSync(file('console'), 'utf8'), `${told}\n`, 'on the console, too, and nothing else')
  })
}

const key = (name: string) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${name}`

/** A block of active keys, in the form that eic_parse_authorized_keys of aws/aws-ec2-instance-connect-config reads. */
function block(name: string, { endsAt = 4_000_000_000, instance = 'i-0a1' } = {}): string {
  return [
    `#Timestamp=${endsAt}`,
    `#Instance=${instance}`,
    '#Caller=arn:aws:sts::123456789012:assumed-role/operator/me',
    '#Request=00000000-0000-0000-0000-000000000000',
    key(name),
    `${'c2lnbmF0dXJl'.repeat(6)}==`,
    '',
    '',
  ].join('\n')
}

/** What sshd would hear about USER; an answer of undefined is a 404. */
async function sessionKeys(t: Test, body: string | undefined, { user = 'admin', date = '' } = {}) {
  const asked: string[] = []
  const imds = await serve(t, (request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (date !== '') response.setHeader('Date', date)
    if (request.method === 'PUT') return void response.end('token')
    const isRight = request.headers['x-aws-ec2-metadata-token'] === 'token' && body !== undefined
    response.writeHead(isRight ? 200 : 404, { 'content-type': 'text/plain' }).end(isRight ? body : '<html>404</html>\n')
  })
  const identity = join(t.testdir({ id: 'i-0a1' }), 'id')
  const script = withConstants(t, 'bakeroll-session-keys', { imds, identity })
  const { stdout, stderr, exitCode } = await execa('sh', ['-c', script, 'bakeroll-session-keys', user], {
    reject: false,
  })
  t.equal(exitCode, 0)
  t.equal(stderr, '')
  return { lines: stdout === '' ? [] : stdout.split('\n'), asked }
}

t.test('session keys', async (t) => {
  const cases: [what: string, body: string | undefined, expected: string[]][] = [
    ['nobody pushed one', undefined, []],
    ['one', block('a'), [key('a')]],
    ['with line ends of the web', block('a').replaceAll('\n', '\r\n'), [key('a')]],
    ['one is over', block('a', { endsAt: 1_000_000_000 }) + block('b'), [key('b')]],
    ['of another machine', block('a', { instance: 'i-0a2' }), []],
    ['two', block('a') + block('b'), [key('a'), key('b')]],
    ['without a name for its end', block('a').replace(/^#Timestamp.*\n/, ''), []],
    ['the end of one block counts for no other', `${block('a')}${key('b')}\nsignature\n`, [key('a')]],
    ['with a comment', block('a me@home'), [key('a')]],
    ['with an option before it', block('a').replace('ssh-ed', 'command="reboot" ssh-ed'), []],
    ['empty', '', []],
    ['something else', '<html>ssh-ed25519 AAAA</html>\n', []],
  ]
  for (const [what, body, expected] of cases) {
    await t.test(what, async (t) => t.strictSame((await sessionKeys(t, body)).lines, expected))
  }
  await t.test('where they are asked for', async (t) => {
    const { asked } = await sessionKeys(t, block('a'))
    t.strictSame(asked, ['PUT /latest/api/token', 'GET /latest/meta-data/managed-ssh-keys/active-keys/admin/'])
  })
  await t.test('for another user nobody is asked', async (t) => {
    for (const user of ['root', '../../x', '']) {
      t.strictSame(await sessionKeys(t, block('a'), { user }), { lines: [], asked: [] })
    }
  })
  await t.test('the time is the metadata service’s: a wrong clock locks nobody out', async (t) => {
    const date = 'Sun, 09 Sep 2001 01:46:40 GMT'
    t.strictSame((await sessionKeys(t, block('a', { endsAt: 1_000_000_001 }), { date })).lines, [key('a')])
    t.strictSame((await sessionKeys(t, block('a', { endsAt: 1_000_000_000 }), { date })).lines, [])
  })
})

t.test('a metadata service that does not answer delays a login by seconds only', async (t) => {
  const imds = await serve(t, (request, response) => {
    if (request.method === 'PUT') response.end('token')
  })
  const identity = join(t.testdir({ id: 'i-0a1' }), 'id')
  const script = withConstants(t, 'bakeroll-session-keys', { imds, identity })
  const began = Date.now()
  t.match(await execa('sh', ['-c', script, '-', 'admin'], { timeout: 10_000 }), { exitCode: 0, stdout: '' })
  t.ok(Date.now() - began < 4000)
})
