import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { distribution } from './distribution.ts'

// The relevant lines, as each system has them.
const cases: [osRelease: string, expected: Partial<ReturnType<typeof distribution>>][] = [
  [
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n',
    {
      name: 'Debian GNU/Linux 12 (bookworm)',
      hasApt: true,
      isUbuntu: false,
      codename: 'bookworm',
      isSupported: true,
      hasPacker: true,
    },
  ],
  [
    'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nID=debian\n',
    { hasApt: true, codename: 'trixie', isSupported: true, hasPacker: false },
  ],
  [
    'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=jammy\n',
    { hasApt: true, isUbuntu: true, codename: 'jammy', isSupported: true, hasPacker: true },
  ],
  [
    'PRETTY_NAME="Ubuntu 24.04.2 LTS"\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=noble\n',
    { hasApt: true, isUbuntu: true, codename: 'noble', isSupported: true, hasPacker: false },
  ],
  [
    'PRETTY_NAME="Linux Mint 22"\nVERSION_ID="22"\nVERSION_CODENAME=wilma\nID=linuxmint\nID_LIKE="ubuntu debian"\nUBUNTU_CODENAME=noble\n',
    { hasApt: true, isUbuntu: false, codename: 'noble', isSupported: false, hasPacker: false },
  ],
  [
    'PRETTY_NAME="LMDE 6 (faye)"\nVERSION_CODENAME=faye\nDEBIAN_CODENAME=bookworm\nID=linuxmint\nID_LIKE=debian\n',
    { hasApt: true, codename: 'bookworm', isSupported: false, hasPacker: true },
  ],
  [
    'PRETTY_NAME="Debian GNU/Linux forky/sid"\nVERSION_CODENAME=forky\nID=debian\n',
    { hasApt: true, isSupported: false },
  ],
  [
    'PRETTY_NAME=\'Fedora Linux 42\'\nID=fedora\nVERSION_ID=42\nHOME_URL="https://not-debian.example/"\n',
    { name: 'Fedora Linux 42', hasApt: false, isSupported: false },
  ],
  ['', { name: 'a system without /etc/os-release', hasApt: false, isSupported: false }],
]

t.test('recognises a system by its os-release', async (t) => {
  const folder = t.testdir()
  for (const [index, [text, expected]] of cases.entries()) {
    const file = join(folder, String(index))
    writeFileSync(file, text)
    t.match(distribution(file), expected, text)
  }
  t.match(distribution(join(folder, 'absent')), { hasApt: false, isSupported: false })
})
