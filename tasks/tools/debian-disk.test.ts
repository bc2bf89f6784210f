import { execa } from 'execa'
import t from 'tap'
import { type DebianSystem, debvmArguments, hostMirrors, mirrorLines } from './debian-disk.ts'

const system: DebianSystem = {
  suite: 'bookworm',
  diskGib: 4,
  packages: ['openssh-server', 'sudo'],
  files: { '/etc/a.conf': '/repo/files/a.conf', '/etc/b.conf': "/it's a/b.conf" },
  finishScript: '/repo/packer/finish.sh',
}

t.test('arguments', async (t) => {
  const mirror = 'deb http://deb.debian.org/debian bookworm main'
  t.strictSame(debvmArguments(system, '/w/system.tar', [mirror]), [
    ...['--hostname', 'bakeroll', '--release', 'bookworm', '--output', '/w/system.tar'],
    '--skip=autologin,packagelists,ext4',
    '--',
    '--include=openssh-server,sudo',
    '--aptopt=APT::Install-Recommends "false"',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    '--dpkgopt=path-exclude=/usr/share/info/*',
    "--customize-hook=upload '/repo/files/a.conf' /etc/a.conf",
    "--customize-hook=upload '/it'\\''s a/b.conf' /etc/b.conf",
    "--customize-hook=upload '/repo/packer/finish.sh' /root/finish.sh",
    '--customize-hook=chroot "$1" sh /root/finish.sh',
    '--customize-hook=rm "$1"/root/finish.sh',
    mirror,
  ])
  t.equal(debvmArguments(system, '/w/system.tar', []).at(-1), '--customize-hook=rm "$1"/root/finish.sh')
})

t.test('the mirrors of this computer, as far as they are of the suite', async (t) => {
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
    ['words that are no target', ['E: something', ''], []],
  ]
  for (const [what, targets, expected] of cases) {
    t.strictSame(mirrorLines('bookworm', targets.join('\n')), expected, what)
  }
})

t.test('the mirrors of this very computer', async (t) => {
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
