import { join } from 'node:path'
import { test } from 'tap'
import { aptArguments, aptHint, isOutdated, needsUpdate, serviceArguments } from './apt.ts'

const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'LC_ALL=C.UTF-8', 'apt-get', '-q']

test('apt-get asks no questions, installs no recommended packages, and uses sudo unless root', (t) => {
  t.strictSame(aptArguments([], 'update'), [...apt, '-o', 'DPkg::Lock::Timeout=120', 'update'])
  t.strictSame(aptArguments(['sudo', '-n'], 'install', ['haproxy', 'hey']), [
    'sudo',
    '-n',
    ...apt,
    ...['-o', 'DPkg::Lock::Timeout=120', 'install', '-y', '--no-install-recommends', 'haproxy', 'hey'],
  ])
  t.end()
})

test('masks services while dpkg works, then disables them', (t) => {
  t.strictSame(serviceArguments(['sudo'], ['nginx.service']), {
    before: ['sudo', 'systemctl', '--quiet', 'mask', '--runtime', 'nginx.service'],
    after: [
      ['sudo', 'systemctl', '--quiet', 'unmask', '--runtime', 'nginx.service'],
      ['sudo', 'systemctl', '--quiet', 'disable', 'nginx.service'],
    ],
  })
  t.end()
})

test('fetches the package lists when there are none', (t) => {
  const folder = t.testdir({
    fresh: { partial: {}, lock: '' },
    used: { 'mirror_dists_bookworm_main_Packages.lz4': '' },
  })
  t.equal(needsUpdate(join(folder, 'fresh')), true)
  t.equal(needsUpdate(join(folder, 'absent')), true)
  t.equal(needsUpdate(join(folder, 'used')), false)
  t.end()
})

test('every known failure of apt-get has its hint', (t) => {
  const cases: [output: string, hint: RegExp, outdated: boolean][] = [
    ['E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 12 (apt-get)', /wait/, false],
    ['E: dpkg was interrupted, you must manually run ...', /dpkg --configure -a/, false],
    ["W: Failed to fetch x  Temporary failure resolving 'mirror'", /network/, false],
    ['E: Unable to locate package hey', /supports Debian 12 and 13/, true],
    ["E: Package 'packer' has no installation candidate", /supports Debian 12 and 13/, true],
    ['E: Failed to fetch x  404  Not Found', /mirrors/, true],
    ['E: You do not have enough free space: No space left on device', /df -h/, false],
    ['E: something new', /apt-get/, false],
  ]
  for (const [output, hint, outdated] of cases) {
    t.match(aptHint(output), hint, output)
    t.equal(isOutdated(output), outdated, output)
  }
  t.end()
})
