import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { type Distribution, distribution, supportedReleases } from './distribution.ts'
import { hashicorpRepository } from './hashicorp-repository.ts'

/** A platform, or the static gates of `npm run lint`. Tests name the programs they need themselves. */
export type Purpose = 'local' | 'aws' | 'lint' | 'registry'

/** An outside program, and its package on Debian and Ubuntu. */
export interface Program {
  readonly name: string
  /** The Debian package. */
  readonly package: string
  readonly why: string
  readonly purposes: readonly Purpose[]
  /** A systemd unit that the package would start and enable, unneeded by bakeroll. */
  readonly service?: string
  /** A file to look for, when it is not a program. */
  readonly file?: string
  /** Ubuntu's package only installs a snap, which tests cannot drive. */
  readonly isSnapOnUbuntu?: true
}

const local: readonly Purpose[] = ['local']
const both: readonly Purpose[] = ['local', 'aws']
const tests: readonly Purpose[] = []

export const programs: readonly Program[] = [
  { name: 'qemu-system-x86_64', package: 'qemu-system-x86', why: 'runs the instances', purposes: local },
  { name: 'qemu-img', package: 'qemu-utils', why: 'makes the disks', purposes: local },
  { name: 'mmdebstrap', package: 'mmdebstrap', why: 'makes the Debian source image', purposes: local },
  { name: 'newuidmap', package: 'uidmap', why: 'lets mmdebstrap work without root', purposes: local },
  {
    name: 'debian-archive-keyring.gpg',
    package: 'debian-archive-keyring',
    why: 'proves that Debian packages are Debian',
    purposes: local,
    file: '/usr/share/keyrings/debian-archive-keyring.gpg',
  },
  { name: 'fakeroot', package: 'fakeroot', why: 'keeps file owners without being root', purposes: local },
  { name: 'mke2fs', package: 'e2fsprogs', why: 'makes file systems', purposes: local },
  { name: 'haproxy', package: 'haproxy', why: 'is the load balancer', purposes: local, service: 'haproxy.service' },
  { name: 'packer', package: 'packer', why: 'bakes images', purposes: [...both, 'lint'] },
  {
    name: 'ansible-playbook',
    package: 'ansible-core',
    why: 'sets an image up',
    purposes: [...both, 'lint'],
  },
  { name: 'hey', package: 'hey', why: 'sends the load of the demo and the tests', purposes: local },
  {
    name: 'chromium',
    package: 'chromium',
    why: 'shows the pages to the tests',
    purposes: tests,
    isSnapOnUbuntu: true,
  },
  { name: 'xmllint', package: 'libxml2-utils', why: 'holds JUnit reports against their schema', purposes: tests },
  {
    name: 'Monitoring::Plugin',
    package: 'libmonitoring-plugin-perl',
    why: 'reads what Nagios is told',
    purposes: tests,
    file: '/usr/share/perl5/Monitoring/Plugin.pm',
  },
  {
    name: 'crontab',
    package: 'cron',
    why: 'is given a check by the tests',
    purposes: tests,
    service: 'cron.service',
  },
  {
    name: 'prometheus',
    package: 'prometheus',
    why: 'scrapes the exporter of the checker',
    purposes: tests,
    service: 'prometheus.service',
  },
  { name: 'skopeo', package: 'skopeo', why: 'fetches container images from registries', purposes: ['registry'] },
  {
    name: 'docker-registry',
    package: 'docker-registry',
    why: 'is the registry of the tests',
    purposes: tests,
    service: 'docker-registry.service',
  },
  { name: 'zsh', package: 'zsh', why: 'completes what the tests type', purposes: tests },
  { name: 'fish', package: 'fish', why: 'completes what the tests type', purposes: tests },
  { name: 'openssl', package: 'openssl', why: 'makes certificates for the tests', purposes: tests },
  { name: 'curl', package: 'curl', why: 'asks what the tests serve', purposes: tests },
  { name: 'ss', package: 'iproute2', why: 'tells the tests what listens', purposes: tests },
  { name: 'ps', package: 'procps', why: 'tells the tests what still runs', purposes: tests },
  { name: 'ssh', package: 'openssh-client', why: 'reaches the instances', purposes: both },
  { name: 'ssh-keygen', package: 'openssh-client', why: 'makes keys', purposes: both },
  { name: 'shellcheck', package: 'shellcheck', why: 'checks shell scripts', purposes: ['lint'] },
  { name: 'python3', package: 'python3', why: 'runs what comes from PyPI', purposes: [...both, 'lint'] },
  { name: 'ensurepip', package: 'python3-venv', why: 'keeps each of that apart', purposes: [...both, 'lint'] },
  {
    name: 'sshd',
    package: 'openssh-server',
    why: 'stands for the SSH of an instance in tests',
    purposes: tests,
    service: 'ssh.service',
  },
  {
    name: 'nginx',
    package: 'nginx-light',
    why: 'tests the configuration of nginx',
    purposes: tests,
    service: 'nginx.service',
  },
]

export function programsFor(...wanted: readonly Purpose[]): Program[] {
  return programs.filter(({ purposes }) => purposes.some((purpose) => wanted.includes(purpose)))
}

/** The missing ones. Looks at files only, so it takes a millisecond at most. */
export function findMissing(wanted: readonly Program[], folders: readonly string[] = searchFolders()): Program[] {
  return wanted.filter((program) => !isThere(program, folders))
}

/** Looks for its `file`, or on PATH. */
export function isThere({ name, file }: Program, folders: readonly string[] = searchFolders()): boolean {
  if (file !== undefined) return existsSync(file)
  return name === 'ensurepip' ? hasEnsurepip(folders) : findProgram(name, folders) !== undefined
}

/** Searches PATH and the folders of system programs, which are not on a user's PATH on Debian. */
export function findProgram(name: string, folders: readonly string[] = searchFolders()): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

export interface Installation {
  readonly progress: Progress
  readonly signal?: AbortSignal
  /** Returns on yes, throws otherwise. */
  confirm(question: string): Promise<void>
}

/**
 * Installs missing programs with apt, and says what and why; silent when nothing is missing. Asks before it adds a
 * vendor's repository. Without apt, throws `refused` with the missing programs.
 */
export async function installMissing(
  wanted: readonly Program[],
  { progress, signal, confirm }: Installation,
): Promise<void> {
  const system = distribution()
  const missing = findMissing(wanted.filter(({ isSnapOnUbuntu }) => !(isSnapOnUbuntu && system.isUbuntu)))
  if (missing.length === 0) return
  if (!system.hasApt) throw missingElsewhere(missing)
  if (!system.isSupported) progress.warn(unsupported(system))
  const ofVendor = missing.some((program) => comesFromVendor(program, system))
  if (ofVendor) await confirm(vendorQuestion(system))
  const packages = [...new Set(missing.map((program) => program.package))]
  for (const line of reasons(missing)) progress.event(line)
  const { aptInstall } = await import('./apt-install.ts')
  const services = missing.flatMap(({ service }) => service ?? [])
  const vendor = ofVendor
    ? { repository: hashicorpRepository, codename: system.codename, packages: ['packer'] }
    : undefined
  await progress.step('install system packages', () => aptInstall({ packages, services, vendor }, progress, signal))
  const left = findMissing(missing)
  if (left.length > 0) {
    throw new OperatorError('failed', `installed, but still not found: ${left.map(({ name }) => name).join(', ')}`, {
      hint: `dpkg --listfiles ${left[0]?.package}`,
    })
  }
}

/** Whether this system's archive lacks the program, so that its vendor's repository is needed. */
export function comesFromVendor({ name }: Program, system: Distribution): boolean {
  return name === 'packer' && !system.hasPacker
}

/** The warning about an unsupported system. */
export function unsupported({ name }: Distribution): string {
  return `${name} is not one of ${supportedReleases}: packages may be missing or different`
}

function vendorQuestion({ name, codename }: Distribution): string {
  const { vendor, uri, fingerprint } = hashicorpRepository
  return `${name} has no package of Packer. Add ${vendor}'s apt repository to this computer (${uri} ${codename}, key ${fingerprint})?`
}

/** One line per Debian package: `install qemu-utils: qemu-img makes the disks`. */
export function reasons(missing: readonly Program[]): string[] {
  return [...Map.groupBy(missing, (program) => program.package)].map(
    ([name, wanted]) => `install ${name}: ${wanted.map((program) => `${program.name} ${program.why}`).join(', ')}`,
  )
}

/** The error on a system without apt. */
export function missingElsewhere(missing: readonly Program[]): OperatorError {
  const names = missing.map((program) => `${program.name} (${program.why})`).join(', ')
  const packages = [...new Set(missing.map((program) => program.package))].join(', ')
  return new OperatorError('refused', `not found: ${names}`, {
    hint: `install them with the system's package manager; Debian's packages are ${packages}`,
  })
}

function searchFolders(): string[] {
  return [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), '/usr/sbin', '/sbin']
}

function isExecutable(path: string): boolean {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    return found?.isFile() === true && (found.mode & 0o111) !== 0
  } catch {
    // A folder on PATH that this user cannot read.
    return false
  }
}

/**
 * Debian packages `ensurepip` separately from Python (`/usr/lib/python3.11/ensurepip`); any other Python includes it.
 */
function hasEnsurepip(folders: readonly string[]): boolean {
  const python = findProgram('python3', folders)
  if (python === undefined) return false
  const real = realpathSync(python)
  if (!/^python3\.\d+$/.test(basename(real)) || dirname(real) !== '/usr/bin') return true
  return existsSync(join('/usr/lib', basename(real), 'ensurepip'))
}
