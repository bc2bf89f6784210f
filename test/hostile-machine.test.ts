// needs: local, sshd
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { execaSync } from 'execa'
import t, { type Test } from 'tap'
import { homeAt } from '../tasks/platforms/home.ts'
import { instanceFiles } from '../tasks/platforms/local/instances.ts'
import { operatorKey } from '../tasks/platforms/operator-key.ts'
import { ownArchitecture } from '../tasks/platforms/service-image.ts'
import { makeClock } from '../tasks/tools/container-archive/archive-fixture.ts'
import { onPath } from '../tasks/tools/path-fixture.ts'
import { anyFreePort } from '../tasks/tools/ports.ts'
import { noSshd, startSshd } from '../tasks/tools/sshd-fixture.ts'
import { homeWithGroup, instanceId, layBase } from './group-fixture.ts'

const repository = join(import.meta.dirname, '..')

/** Erasing, colour by C1, a title, the clipboard (C0 and C1), letters reversed, line breaks of Unicode, a line overwritten. */
const words =
  'said\u001b[2J\u001b[1A\u009b31m\u001b]0;owned\u0007\u001b]52;c;eA==\u0007\u009d52;c;eA==\u009c\u202e\u2066\u2028\u0085\rover\u007f\u0008'
const forbidden = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/** The hostile words for printf(1). */
const octal = [...Buffer.from(words)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')

/** What our own live view writes: colours, the cursor hidden and shown, back over its own lines; a terminal adds its own \r. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the control characters.
const ours = /\u001b\[(?:\d\d?m|\?25[lh]|\d+A\r\u001b\[J)|\r(?=\n)|\u001b\[J/g

const modes = ['plain', 'json', 'terminal'] as const
type Mode = (typeof modes)[number]

/** What a verb writes to a pipe, with --json, and to a terminal. */
async function told(mode: Mode, env: NodeJS.ProcessEnv, verb: string, ...flags: string[]) {
  const command = ['sh', 'tasks/run.sh', verb, ...flags, ...(mode === 'json' ? ['--json'] : [])]
  const inTerminal = ['script', '-qec', command.map((word) => `'${word}'`).join(' '), '/dev/null']
  const [program = '', ...rest] = mode === 'terminal' ? inTerminal : command
  const child = spawn(program, rest, {
    cwd: repository,
    env: { ...process.env, NODE_OPTIONS: '', TERM: 'xterm', CI: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const all = stdout + stderr
  return { stdout, all: mode === 'terminal' ? all.replace(ours, '') : all }
}

/** Whether the verb tells in every mode what was said, and only as words. */
async function steersNobody(t: Test, env: NodeJS.ProcessEnv, verb: string, ...flags: string[]) {
  const name = [verb, ...flags].join(' ')
  for (const mode of modes) {
    const { all, stdout } = await told(mode, env, verb, ...flags)
    t.notMatch(all, forbidden, `${name}, ${mode}`)
    // Plans of a heal name the reason in their facts alone.
    if (verb !== 'heal' || mode === 'json') t.match(all, 'said', `${name}, ${mode}: it was told at all`)
    if (mode === 'json') t.ok(JSON.parse(stdout), `${name}: one document`)
  }
}

/** A service whose version, time, status and headers are all hostile. */
async function hostileService(t: Test): Promise<number> {
  const head = `HTTP/1.1 200 ${words.replace('\r', '')}\r\nserver: ${words.replace('\r', '')}\r\n`
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () =>
      socket.write(Buffer.from(`${head}content-length: ${Buffer.byteLength(words)}\r\n\r\n${words}`)),
    )
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Lets the user of the tests in where a machine has an `admin`. */
const ssh = `exec bash -c 'exec "$0" "\${@/#admin@/${userInfo().username}@}"' '${execaSync('sh', ['-c', 'command -v ssh']).stdout}' "$@"`

t.test('what an instance writes to its journal, read by a real SSH server', { skip: noSshd }, async (t) => {
  const [httpPort, sshPort] = [await hostileService(t), await anyFreePort()]
  const home = await homeWithGroup(t, { port: httpPort, httpPort, sshPort, release: words })
  const folder = mkdtempSync(join(tmpdir(), 'bakeroll-sshd-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const { publicKey } = await operatorKey(home)
  const server = await startSshd(t, { port: sshPort, folder, authorizedKeys: [publicKey] })
  if ('reason' in server) return t.pass('not asked', { skip: server.reason })
  for (const name of ['journalctl', 'tail', 'systemctl']) {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\nprintf '${octal}\\n'\n`, { mode: 0o755 })
  }
  const { console: consoleFile } = instanceFiles(join(home.groups, 'timeapp'), instanceId)
  const [begin, end] = ['BEGIN', 'END'].map((word) => `-----${word} SSH HOST KEY KEYS-----`)
  writeFileSync(consoleFile, `${words}\n${begin}\n${server.hostKey} x\n${end}\n${words}\n`)
  onPath(t, { ssh })
  const env = { BAKEROLL_HOME: home.folder }
  for (const flags of [[], ['--follow']]) await steersNobody(t, env, 'logs', ...flags)
  await steersNobody(t, env, 'status')
  await steersNobody(t, env, 'heal', '--dry-run')
})

t.test('what an instance that nobody reaches has written to its console', async (t) => {
  const home = await homeWithGroup(t, { console: `${words}\n${words}` })
  await steersNobody(t, { BAKEROLL_HOME: home.folder }, 'logs')
})

t.test('what a service answers, by the verb that asks', async (t) => {
  const httpPort = await hostileService(t)
  const home = await homeWithGroup(t, { port: httpPort, httpPort, release: words })
  const env = { BAKEROLL_HOME: home.folder }
  for (const flags of [[], ['--instances'], ['--time-path', '/now', '--time-format', 'iso8601']]) {
    await steersNobody(t, env, 'check', '--samples', '1', '--ntp', 'none', ...flags)
  }
})

t.test('what Debian, Packer and Ansible say of a bake that fails', async (t) => {
  const home = homeAt(join(mkdtempSync(join(tmpdir(), 'bakeroll-bake-')), '.bakeroll'))
  t.teardown(() => rmSync(join(home.folder, '..'), { recursive: true }))
  const say = (line: string) => `printf '${line.replaceAll('WORDS', octal)}\\n'`
  const lines = ['==> qemu.machine: TASK [WORDS]', '    qemu.machine: fatal: [default]: UNREACHABLE! WORDS']
  const packer = `[ "$1" = version ] && echo Packer v1.6.6 && exit\n${lines.map(say).join('\n')}\nsleep 0.3; exit 1`
  const mmdebstrap = `${say('E: WORDS')}; ${say('WORDS')} >&2; exit 1`
  onPath(t, { packer, mmdebstrap })
  // The example's own image, with Node in it, takes seconds to be packed for each bake.
  const { file: archive } = await makeClock(t, { architecture: ownArchitecture })
  const env = {
    BAKEROLL_HOME: home.folder,
    BAKEROLL_LOCAL_PACE: '1',
    BAKEROLL_SERVICE_ARCHIVE: archive,
    ANSIBLE_STRATEGY: 'linear',
  }
  await steersNobody(t, env, 'bake', '--verbose')
  await layBase(home, archive)
  await steersNobody(t, env, 'bake', '--verbose')
  const logs = readdirSync(join(home.folder, 'logs')).map((name) => join(home.folder, 'logs', name))
  t.ok(
    logs.some((log) => log.includes('release-')),
    'it was Packer that failed',
  )
})
