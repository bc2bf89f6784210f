// needs: local
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import type { Finding } from '../tasks/lib/platform.ts'
import { anyFreePort } from '../tasks/tools/ports.ts'
import { findProgram } from '../tasks/tools/system-packages.ts'

/**
 * What `doctor` says of a computer that lacks something, and what the verb then does on it: the same words, and a failure
 * of the one is a refusal of the other. What is broken is broken in a mount namespace, for the programs of this test alone.
 */
interface Condition {
  readonly env?: Readonly<Record<string, string>>
  /** Text that lies over a file of the system: path to content. */
  readonly files?: Readonly<Record<string, string>>
  /** Programs that are gone. */
  readonly without?: readonly string[]
  /** A shell command before all others, as root. */
  readonly before?: string
  /** Called as the user nobody, who has no subordinate ids and no sudo. */
  readonly asNobody?: boolean
}

const repository = join(import.meta.dirname, '..')
const isRoot = process.getuid?.() === 0
const skip = isRoot ? false : 'a computer that lacks something is made by root'

/** What Node has compiled, for nobody, too: each call starts in a third of the time. */
const cache = mkdtempSync(join(tmpdir(), 'bakeroll-doctor-'))
chmodSync(cache, 0o777)
t.teardown(() => rmSync(cache, { recursive: true }))

/** Runs a verb under a condition. The clone is seen in /mnt, so that its parents need not be open to nobody. */
async function under(t: Test, { env = {}, files = {}, without = [], before = ':', asNobody }: Condition, verb: string) {
  const folder = t.testdir()
  const covers = Object.entries(files).map(([path, content], index) => {
    writeFileSync(join(folder, String(index)), content)
    return `mount --bind '${join(folder, String(index))}' "$(readlink -f '${path}')"`
  })
  const hidden = without.map((name) => `mount --bind /dev/null "$(readlink -f '${findProgram(name)}')"`)
  const user = asNobody ? 'setpriv --reuid=65534 --regid=65534 --clear-groups' : ''
  const script = [
    // What a test runner adds to every Node is not part of it.
    'unset NODE_OPTIONS',
    ...['set -e', ...covers, ...hidden, before, `mount --bind '${repository}' /mnt`, 'cd /mnt'],
    `exec ${user} node_modules/.bin/node tasks/terminal/main.ts ${verb} --json`,
  ].join('\n')
  const run = await execa('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
    stdin: 'ignore',
    reject: false,
    env: {
      NODE_OPTIONS: '',
      NODE_COMPILE_CACHE: cache,
      HOME: '/nonexistent',
      BAKEROLL_HOME: join(cache, asNobody ? 'home-of-nobody' : 'home'),
      BAKEROLL_LOCAL_PORT: String(await anyFreePort()),
      ...env,
    },
  })
  const document: Document = JSON.parse(run.stdout || '{}')
  return { ...run, ...document }
}

interface Document {
  readonly findings?: Finding[]
  readonly error?: { readonly message: string; readonly hint: string }
}

const named = ({ findings }: Document, name: string) => findings?.find((finding) => finding.name === name)

/** The verb refuses with the words of the doctor's finding, and shows the same way out. */
async function verbSays(t: Test, doctor: Document, name: string, condition: Condition, verb: string, exitCode: number) {
  const finding = named(doctor, name)
  t.equal(finding?.status, 'fail', `${name}: ${finding?.found}`)
  const run = await under(t, condition, verb)
  t.equal(run.exitCode, exitCode, run.stderr)
  t.equal(run.error?.message, finding?.found)
  t.equal(run.error?.hint, finding?.hint?.replace(/npm run \w+$/, `npm run ${verb}`))
}

t.test('a computer that has everything', { skip }, async (t) => {
  const { exitCode, findings = [] } = await under(t, {}, 'doctor')
  t.same(
    findings.filter(({ status }) => status === 'fail'),
    [],
    'so that `npm run doctor && npm run demo` goes on',
  )
  t.equal(exitCode, 0)
})

t.test('for root: a port that another program has, too little disk, too little memory', { skip }, async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const taken = { env: { BAKEROLL_LOCAL_PORT: String(port) } }
  const full = { before: 'mount -t tmpfs -o size=64m tmpfs /srv', env: { BAKEROLL_HOME: '/srv/home' } }
  const small = { env: { BAKEROLL_LOCAL_MEMORY_MIB: '60000' } }
  const all = { before: full.before, env: { ...taken.env, ...full.env, ...small.env } }
  const doctor = await under(t, all, 'doctor')
  t.equal(doctor.exitCode, 5)
  t.equal(named(doctor, 'port')?.found, `127.0.0.1:${port} is used by another program`)
  await verbSays(t, doctor, 'port', taken, 'demo', 3)
  const noRoom = /^\/srv.* has \d+ MiB of free disk space; 5000 MiB are needed$/
  t.match(named(doctor, 'disk'), { status: 'fail', found: noRoom })
  const onFull = await under(t, full, 'bake')
  t.match(onFull.error?.message, noRoom)
  t.equal(onFull.exitCode, 3)
  t.match(named(doctor, 'memory'), {
    status: 'fail',
    found: /^not enough memory for .*: 60000 MiB needed, \d+ MiB free$/,
  })
  const bake = await under(t, small, 'bake')
  t.match(bake.error?.message, /^not enough memory for a bake: 60000 MiB needed, \d+ MiB free$/)
  t.equal(bake.exitCode, 3)
})

t.test('for a user: a port below 1024, a home of root, no subordinate ids, a missing program', { skip }, async (t) => {
  const asNobody = true
  const low = { asNobody, env: { BAKEROLL_LOCAL_PORT: '1' } }
  const home = { asNobody, env: { BAKEROLL_HOME: '/usr/lib/home' } }
  const ids = { asNobody, files: { '/etc/subuid': 'other:100000:65536\n', '/etc/subgid': 'other:100000:65536\n' } }
  const program = { asNobody, without: ['hey'] }
  const doctor = await under(t, { ...ids, ...program, env: { ...low.env, ...home.env } }, 'doctor')
  t.equal(doctor.exitCode, 5)

  if (readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').trim() === '1024') {
    t.match(named(doctor, 'port')?.found, /^127\.0\.0\.1:1 is open to root only/)
    t.match(named(doctor, 'port')?.hint, /^BAKEROLL_LOCAL_PORT=(80[89]\d|8\d\d\d) npm run demo$/, 'a port that works')
    await verbSays(t, doctor, 'port', low, 'demo', 3)
  } else t.pass('port', { skip: 'this system lets every user listen below 1024' })

  t.match(named(doctor, 'home')?.found, /^no permission to write \/usr\/lib, the place for bakeroll's state$/)
  await verbSays(t, doctor, 'home', home, 'demo', 2)

  t.match(
    named(doctor, 'user namespaces')?.found,
    /^nobody has no 65536 subordinate ids in \/etc\/subuid and \/etc\/subgid/,
  )
  await verbSays(t, doctor, 'user namespaces', ids, 'bake', 3)

  t.match(named(doctor, 'hey'), { status: 'fail', found: /^missing: it sends the load/ })
  t.equal(named(doctor, 'root')?.status, 'fail')
  const demo = await under(t, program, 'demo')
  t.equal(demo.exitCode, 3)
  t.match(demo.error, { message: 'installing hey needs root', hint: named(doctor, 'root')?.hint })
})

t.test('a missing program that root can install is no failure', { skip }, async (t) => {
  const doctor = await under(t, { without: ['hey'] }, 'doctor')
  t.match(named(doctor, 'hey'), { status: 'warn', found: /installed when needed$/ })
  t.equal(doctor.exitCode, 0)
})

t.test('a system without apt never gets a hint with apt', { skip }, async (t) => {
  const files = { '/etc/os-release': 'PRETTY_NAME="Fedora Linux 42"\nID=fedora\nVERSION_ID=42\n' }
  const condition = { files, without: ['hey'] }
  const doctor = await under(t, condition, 'doctor')
  t.equal(doctor.exitCode, 5)
  t.match(named(doctor, 'operating system'), { status: 'warn', hint: /install the programs below yourself/ })
  t.match(named(doctor, 'hey'), { status: 'fail', hint: /package manager; Debian's package is hey$/ })
  t.same(
    doctor.findings?.filter(({ hint }) => hint?.includes('apt')),
    [],
  )
  const demo = await under(t, condition, 'demo')
  t.equal(demo.exitCode, 3)
  t.match(demo.error, { message: /^not found: hey \(sends the load/, hint: /the system.s package manager/ })
})

t.test('Packer is not in the archive: a word before the repository of its vendor is added', { skip }, async (t) => {
  const osRelease =
    'PRETTY_NAME="Ubuntu 24.04.2 LTS"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nUBUNTU_CODENAME=noble\n'
  const condition = { files: { '/etc/os-release': osRelease }, without: ['packer'] }
  const doctor = await under(t, condition, 'doctor')
  t.match(named(doctor, 'operating system'), { status: 'ok' })
  t.match(named(doctor, 'packer'), {
    status: 'fail',
    found: /not in the archive of this system$/,
    hint: /^with --yes bakes add HashiCorp's apt repository; by hand: https:/,
  })
  const bake = await under(t, condition, 'bake')
  t.equal(bake.exitCode, 3, 'nobody is there to ask')
  t.match(
    bake.error?.message,
    /not confirmed.*Ubuntu 24\.04.* has no package of Packer\. Add HashiCorp's apt repository .* noble, key 798AEC65/,
  )
})
