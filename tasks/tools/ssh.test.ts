// needs: ssh, ssh-keygen, sshd
import { readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { onPath } from './path-fixture.ts'
import { anyFreePort } from './ports.ts'
import { feedOver, hostKeyFrom, reasonIn, runOver, type SshTarget, sshArguments } from './ssh.ts'
import { makeKey, noSshd, startSshd } from './sshd-fixture.ts'

const target: SshTarget = {
  host: '127.10.0.1',
  port: 2222,
  user: 'admin',
  privateKeyFile: '/h/keys/id_ed25519',
  knownHostsFile: '/h/i-1/known_hosts',
}

t.test('arguments', async (t) => {
  t.strictSame(sshArguments(target), [
    ...['-F', 'none', '-p', '2222'],
    ...['-o', 'BatchMode=yes'],
    ...['-o', 'IdentityFile="/h/keys/id_ed25519"'],
    ...['-o', 'IdentitiesOnly=yes'],
    ...['-o', 'IdentityAgent=none'],
    ...['-o', 'StrictHostKeyChecking=yes'],
    ...['-o', 'UserKnownHostsFile="/h/i-1/known_hosts"'],
    ...['-o', 'GlobalKnownHostsFile=/dev/null'],
    ...['-o', 'ConnectTimeout=30'],
    ...['-o', 'ServerAliveInterval=15'],
    ...['-o', 'LogLevel=ERROR'],
    'admin@127.10.0.1',
  ])
  t.ok(sshArguments(target, 5).includes('ConnectTimeout=5'))
})

t.test('arguments through a proxy command', async (t) => {
  const proxyCommand = ['aws', 'open-tunnel', '--profile', "the boss's 100%", '--region', 'eu-central-1']
  const arguments_ = sshArguments({ ...target, hostKeyAlias: 'i-1', proxyCommand })
  const expected = `aws open-tunnel --profile 'the boss'\\''s 100%%' --region eu-central-1`
  t.ok(arguments_.includes('HostKeyAlias=i-1'))
  t.ok(arguments_.includes(`ProxyCommand=${expected}`))
  const { stdout } = await execa('ssh', ['-G', ...arguments_], { stdin: 'ignore' })
  t.ok(stdout.split('\n').includes(`proxycommand ${expected}`), 'ssh itself reads it back')
})

t.test('the complaint that tells most', async (t) => {
  const aws = 'An error occurred (InvalidInstanceConnectEndpointId.NotFound): there is no endpoint'
  const echo = 'kex_exchange_identification: Connection closed by remote host'
  t.equal(reasonIn(`${aws}\n${echo}\r\nConnection closed by UNKNOWN port 65535\r\n`), aws)
  t.equal(reasonIn(`${echo}\nConnection closed by UNKNOWN port 65535\n`), 'Connection closed by UNKNOWN port 65535')
  t.equal(
    reasonIn('first\nssh: connect to host 10.0.0.1 port 22: Connection timed out\n'),
    'ssh: connect to host 10.0.0.1 port 22: Connection timed out',
  )
  t.equal(reasonIn(''), '')
})

t.test('a path may hold spaces and percent signs: ssh itself reads it back', async (t) => {
  const files = { privateKeyFile: '/a b/100%h/key', knownHostsFile: '/a b/100%h/known_hosts' }
  const arguments_ = sshArguments({ ...target, ...files })
  t.ok(arguments_.includes('IdentityFile="/a b/100%%h/key"'))
  t.ok(arguments_.includes('UserKnownHostsFile="/a b/100%%h/known_hosts"'))
  const { stdout } = await execa('ssh', ['-G', ...arguments_], { stdin: 'ignore' })
  for (const line of ['identityfile /a b/100%%h/key', 'userknownhostsfile /a b/100%h/known_hosts', 'port 2222']) {
    t.ok(stdout.split('\n').includes(line), line)
  }
})

t.test('so it may hold quotes, backslashes and what begins a comment', async (t) => {
  const folder = `/it's "a" \\ #1, ö $HOME`
  const arguments_ = sshArguments({ ...target, privateKeyFile: `${folder}/key`, knownHostsFile: `${folder}/hosts` })
  const { stdout } = await execa('ssh', ['-G', ...arguments_], { stdin: 'ignore' })
  for (const line of [`identityfile ${folder}/key`, `userknownhostsfile ${folder}/hosts`]) {
    t.ok(stdout.split('\n').includes(line), `${line}\n${stdout}`)
  }
})

const key = (letter: string) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${letter.repeat(43)}`
const begin = '-----BEGIN SSH HOST KEY KEYS-----'
const end = '-----END SSH HOST KEY KEYS-----'

t.test('the host key on the console', async (t) => {
  const cases: [what: string, console: string[], expected: string | undefined][] = [
    ['nothing yet', [], undefined],
    ['one boot', ['Linux version 6.1', begin, key('a'), end, 'login:'], key('a')],
    ['with a comment', [begin, `${key('a')} root@host`, end], key('a')],
    ['among other kinds', [begin, 'ssh-rsa AAAAB3NzaC1yc2E=', key('a'), 'ecdsa-sha2-nistp256 AAAA', end], key('a')],
    ['the last of two boots', [begin, key('a'), end, 'reboot', begin, key('b'), end], key('b')],
    ['a half-written block', [begin, key('a')], undefined],
    ['a half-written second block', [begin, key('a'), end, 'reboot', begin, key('b')], key('a')],
    [
      'a key cut by a word of the kernel',
      [begin, `${key('a').slice(0, 50)}[  12.3] random: crng init done`, end],
      undefined,
    ],
    ['a key cut at the end of a line', [begin, key('a').slice(0, 50), key('a').slice(50), end], undefined],
    ['cut at the second boot', [begin, key('a'), end, begin, key('b').slice(0, 50), end], key('a')],
    ['a key too long', [begin, `${key('a')}a`, end], undefined],
    ['no ed25519 key', [begin, 'ssh-rsa AAAAB3NzaC1yc2E=', end], undefined],
    ['a key outside of the marks', [key('a')], undefined],
  ]
  for (const [what, lines, expected] of cases) {
    t.equal(hostKeyFrom(lines.join('\n')), expected, what)
    t.equal(hostKeyFrom(lines.join('\r\n')), expected, `${what}, with the line ends of a console`)
  }
})

t.test('a key made by ssh-keygen is one', async (t) => {
  const file = join(t.testdir(), 'key')
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file])
  const published = readFileSync(`${file}.pub`, 'utf8')
  t.equal(hostKeyFrom(`${begin}\n${published}${end}\n`), published.trim())
})

t.test('the script goes over standard input, and every answer comes back', async (t) => {
  onPath(t, { ssh: 'printf "%s\\n" "$@"; sh; code=$?; echo oops >&2; exit $code' })
  t.strictSame(await runOver(['-p', '1', 'admin@h'], 'echo "a  b"; exit 3', { timeoutSeconds: 10 }), {
    exitCode: 3,
    stdout: '-p\n1\nadmin@h\nsudo sh -s\na  b',
    stderr: 'oops',
  })
})

t.test('a command gets a file on its standard input', async (t) => {
  const file = join(onPath(t, { ssh: 'printf "%s\\n" "$@"; cat' }), 'archive')
  writeFileSync(file, 'of\0bytes')
  const { exitCode, stdout } = await feedOver(['admin@h'], 'docker load', file, { timeoutSeconds: 10 })
  t.strictSame([exitCode, stdout], [0, 'admin@h\ndocker load\nof\0bytes'])
})

t.test('what keeps ssh from an answer is told in one line', async (t) => {
  onPath(t, {
    ssh: 'case $1 in lost) echo first >&2; echo "Connection closed" >&2; exit 255;; mute) exit 255;; esac; exec sleep 60',
  })
  const limits = { timeoutSeconds: 60 }
  await t.rejects(runOver(['lost'], '', limits), {
    kind: 'failed',
    message: 'not reachable over SSH: Connection closed',
  })
  await t.rejects(runOver(['mute'], '', limits), { kind: 'failed', message: /^not reachable over SSH: / })
  await t.rejects(runOver(['hangs'], '', { timeoutSeconds: 0.2 }), {
    kind: 'failed',
    message: 'no answer over SSH within 0.2 s',
  })
})

t.test('a stop is no unreachable machine', async (t) => {
  onPath(t, { ssh: 'exec sleep 60' })
  const stop = new AbortController()
  const running = runOver(['admin@h'], '', { timeoutSeconds: 60, signal: stop.signal })
  setImmediate(() => stop.abort())
  const stopped = { kind: 'interrupted', message: 'a command over SSH was stopped' }
  await t.rejects(running, stopped)
  await t.rejects(runOver(['admin@h'], '', { timeoutSeconds: 60, signal: stop.signal }), stopped, 'before it began')
})

t.test('without ssh', async (t) => {
  const { PATH } = process.env
  t.teardown(() => {
    process.env.PATH = PATH
  })
  process.env.PATH = t.testdir()
  await t.rejects(runOver(['h'], '', { timeoutSeconds: 60 }), {
    kind: 'failed',
    message: /^not reachable over SSH: .*ENOENT/,
  })
})

t.test('nobody listens', async (t) => {
  const folder = t.testdir({ known_hosts: '' })
  const nobody = {
    ...target,
    host: '127.0.0.1',
    port: await anyFreePort(),
    knownHostsFile: join(folder, 'known_hosts'),
  }
  await t.rejects(runOver(sshArguments(nobody), 'true', { timeoutSeconds: 60 }), {
    kind: 'failed',
    message: /^not reachable over SSH: .*Connection refused/,
  })
})

t.test('a real server', { skip: noSshd }, async (t) => {
  const folder = t.testdir({ server: {} })
  const file = (name: string) => join(folder, name)
  const port = await anyFreePort()
  const authorizedKeys = [await makeKey(file('user 100%h'))]
  await makeKey(file('stranger'))
  const server = await startSshd(t, { port, folder: file('server'), authorizedKeys })
  if ('reason' in server) return t.pass('not tried', { skip: server.reason })
  const { hostKey } = server
  const other = await makeKey(file('other'))
  const known = (name: string, key: string, host = `[127.0.0.1]:${port}`) => {
    writeFileSync(file(name), `${host} ${key}\n`)
    return file(name)
  }
  const { username } = userInfo()
  const here = { host: '127.0.0.1', port, user: username, privateKeyFile: file('user 100%h') }
  const right = { ...here, knownHostsFile: known('known hosts 100%h', hostKey) }
  const over = (to: SshTarget, script: string, timeoutSeconds = 60) =>
    runOver(sshArguments(to), script, { timeoutSeconds })

  t.strictSame(await over(right, 'echo "it\'s $((6 * 7))"; echo oops >&2; exit 4'), {
    exitCode: 4,
    stdout: "it's 42",
    stderr: 'oops',
  })
  await t.rejects(over({ ...right, knownHostsFile: known('changed', other) }, 'echo here'), {
    kind: 'failed',
    message: /^not reachable over SSH: Host key verification failed/,
  })
  writeFileSync(file('empty'), '')
  await t.rejects(over({ ...right, knownHostsFile: file('empty') }, 'echo here'), { message: /Host key verification/ })
  await t.rejects(over({ ...right, privateKeyFile: file('stranger') }, 'echo here'), { message: /Permission denied/ })
  await t.rejects(over(right, 'sleep 60', 2), { kind: 'failed', message: 'no answer over SSH within 2 s' })

  await t.test('through a proxy command whose words need quotes', async (t) => {
    const pipe = `const s = require('net').connect(${port}, '127.0.0.1'); process.stdin.pipe(s).pipe(process.stdout)`
    const alias = { ...right, host: '0.0.0.0', hostKeyAlias: 'i-1', proxyCommand: [process.execPath, '-e', pipe] }
    const pinned = { ...alias, knownHostsFile: known('alias', hostKey, 'i-1') }
    t.match(await over(pinned, 'echo here'), { exitCode: 0, stdout: 'here' })
    await t.rejects(over({ ...pinned, knownHostsFile: known('other alias', other, 'i-1') }, 'echo here'), {
      message: /^not reachable over SSH: Host key verification failed/,
    })
    await t.rejects(over(alias, 'echo here'), { message: /Host key verification/ }, 'the alias is the only name')
    const words = ["it's", '%h "$HOME" `id` %%', 'é', '']
    const echo = 'console.error(JSON.stringify(process.argv.slice(1)))'
    await t.rejects(over({ ...pinned, proxyCommand: [process.execPath, '-e', echo, ...words] }, 'echo here'), {
      message: `not reachable over SSH: ${JSON.stringify(words)}`,
    })
  })
})
