// needs: ps
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import t from 'tap'
import { slowed } from '../dev/test-pace.ts'
import { type DebianSystem, hostMirrors, makeDebianDisk, mirrorLines, mmdebstrapArguments } from './debian-disk.ts'
import { onPath } from './path-fixture.ts'

const system: DebianSystem = {
  suite: 'bookworm',
  diskGib: 4,
  packages: ['openssh-server', 'sudo'],
  files: { '/etc/a.conf': '/repo/files/a.conf', '/etc/b.conf': "/it's a/b.conf" },
  finishScript: '/repo/packer/finish.sh',
}

t.test('the arguments of mmdebstrap', async (t) => {
  const mirror = 'deb http://mirror/debian bookworm main'
  t.strictSame(mmdebstrapArguments(system, '/w/system.tar', [mirror], true), [
    ...['--verbose', '--variant=apt', '--format=tar', '--hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr'],
    '--include=systemd-sysv,libnss-resolve,openssh-server,sudo',
    '--aptopt=APT::Install-Recommends "false"',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    '--dpkgopt=path-exclude=/usr/share/info/*',
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    '--customize-hook=upload /repo/files/a.conf /etc/a.conf',
    "--customize-hook=upload '/it'\\''s a/b.conf' /etc/b.conf",
    '--customize-hook=upload /repo/packer/finish.sh /root/finish.sh',
    '--customize-hook=chroot "$1" sh /root/finish.sh',
    '--customize-hook=rm "$1"/root/finish.sh',
    ...['bookworm', '/w/system.tar', mirror],
  ])
  t.notOk(mmdebstrapArguments(system, '/w/system.tar', [], false).some((one) => one.startsWith('--hook-dir')))
})

t.test("takes from the computer's mirrors those of the suite", async (t) => {
  const main = 'Debian|bookworm|http://mirror/debian/|main'
  const cases: [what: string, targets: string[], expected: string[]][] = [
    ['nothing known', [], []],
    ['the suite', [main], ['deb http://mirror/debian/ bookworm main']],
    [
      'with updates and security',
      [main, 'Debian|bookworm-updates|http://mirror/debian/|main', 'Debian|bookworm-security|http://sec/|main'],
      [
        'deb http://mirror/debian/ bookworm main',
        'deb http://mirror/debian/ bookworm-updates main',
        'deb http://sec/ bookworm-security main',
      ],
    ],
    [
      'several components, each once',
      [main, main, 'Debian|bookworm|http://mirror/debian/|contrib'],
      ['deb http://mirror/debian/ bookworm main', 'deb http://mirror/debian/ bookworm contrib'],
    ],
    [
      'other origins are left out',
      [main, 'Docker|bookworm|https://docker/|stable', '|bookworm|http://x/|main'],
      ['deb http://mirror/debian/ bookworm main'],
    ],
    ['another suite gives none', ['Debian|trixie|http://mirror/debian/|main'], []],
    ['security of the suite alone gives none', ['Debian|bookworm-security|http://sec/|main'], []],
    ['Ubuntu gives none', ['Ubuntu|noble|http://archive/|main'], []],
    ['a suite whose name begins like it', ['Debian|bookwormish|http://mirror/|main'], []],
    ['lines that are not a target', ['E: something', ''], []],
  ]
  for (const [what, targets, expected] of cases) {
    t.strictSame(mirrorLines('bookworm', targets.join('\n')), expected, what)
  }
})

t.test('reads the mirrors of this computer', async (t) => {
  t.strictSame(await hostMirrors('no-such-suite'), [])
  const { stdout } = await execa(
    'apt-get',
    ['indextargets', '--format', '$(ORIGIN)|$(CODENAME)', 'Created-By: Packages'],
    {
      reject: false,
    },
  ).catch(() => ({ stdout: '' }))
  const suite = String(stdout).match(/^Debian\|(\w+)$/m)?.[1]
  if (suite === undefined) return t.pass('none', { skip: 'this computer knows no Debian mirror' })
  t.match((await hostMirrors(suite))[0], new RegExp(`^deb \\S+ ${suite}(-\\w+)? \\w+$`))
})

function make(folder: string, signal: AbortSignal): Promise<void> {
  const to = { disk: join(folder, 'disk'), kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') }
  return makeDebianDisk(system, to, { workFolder: folder, logFile: join(folder, 'log'), signal })
}

t.test('a failed step reports its last lines, and the log has them all', async (t) => {
  const folder = onPath(t, { mmdebstrap: 'seq 5; echo "E: no mirror" >&2; exit 9' })
  await t.rejects(make(folder, new AbortController().signal), {
    kind: 'failed',
    message: 'mmdebstrap failed:\n  4\n  5\n  E: no mirror',
    hint: `less ${join(folder, 'log')}`,
  })
  t.match(readFileSync(join(folder, 'log'), 'utf8'), /^1\n2\n3\n/)
})

t.test('a stop ends the step and its children', async (t) => {
  const folder = onPath(t, { mmdebstrap: 'sleep 600 & echo $! >"$(dirname "$0")/child"; wait' })
  const stop = new AbortController()
  const made = make(folder, stop.signal)
  const child = () => (existsSync(join(folder, 'child')) ? readFileSync(join(folder, 'child'), 'utf8') : '')
  while (child() === '') await sleep(20)
  stop.abort()
  await t.rejects(made, { kind: 'interrupted', message: 'mmdebstrap was stopped' })
  // It may receive the signal later than its parent; a zombie that is not yet reaped has ended as well.
  const hasEnded = async () =>
    !/^[^Z]/.test((await execa('ps', ['-o', 'stat=', child().trim()], { reject: false })).stdout)
  let looks = 0
  while (!(await hasEnded()) && looks < slowed(100)) {
    looks += 1
    await sleep(50)
  }
  t.ok(looks < slowed(100))
})
