import { readdirSync } from 'node:fs'
import { supportedReleases } from './distribution.ts'

/** The apt-get command; `root` is its prefix for root access, e.g. `['sudo', '-n']`. */
export function aptArguments(root: readonly string[], action: 'update' | 'install', packages: readonly string[] = []) {
  // RUNLEVEL=1: without systemd, invoke-rc.d starts no service of a package in single-user mode (invoke-rc.d(8)).
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'LC_ALL=C.UTF-8']
  const lock = ['-o', 'DPkg::Lock::Timeout=120']
  const what = action === 'install' ? ['-y', '--no-install-recommends', ...packages] : []
  return [...root, ...environment, 'apt-get', '-q', ...lock, action, ...what]
}

/**
 * Keeps newly installed services from running: masked while dpkg works (in /run, so that even a crash leaves no trace
 * after the next boot), then unmasked and disabled, so that they start neither now nor at boot.
 */
export function serviceArguments(root: readonly string[], units: readonly string[]) {
  const systemctl = [...root, 'systemctl', '--quiet']
  return {
    before: [...systemctl, 'mask', '--runtime', ...units],
    after: [
      [...systemctl, 'unmask', '--runtime', ...units],
      [...systemctl, 'disable', ...units],
    ],
  }
}

/** True when apt has no package lists, as in a fresh container. */
export function needsUpdate(folder = '/var/lib/apt/lists'): boolean {
  try {
    return !readdirSync(folder).some((name) => name.includes('_Packages'))
  } catch {
    return true
  }
}

/** True when updating the package lists may help: the mirror lacks the package or the version that apt asked for. */
export function isOutdated(output: string): boolean {
  return /Unable to locate package|no installation candidate|404 +Not Found|Hash Sum mismatch/.test(output)
}

const hints: readonly [pattern: RegExp, hint: string][] = [
  [
    /Could not get lock|Unable to (acquire|lock)/,
    'another package manager is running: wait until it is done, then try again',
  ],
  [/dpkg was interrupted/, 'sudo dpkg --configure -a'],
  [/Unmet dependencies|unmet dependencies|broken packages/, 'sudo apt-get --fix-broken install'],
  [
    /Temporary failure resolving|Could not (resolve|connect)|Connection (failed|timed out)|Failed to fetch/,
    'check the network, and the mirrors in /etc/apt/sources.list and /etc/apt/sources.list.d',
  ],
  [
    /Unable to locate package|no installation candidate/,
    `this system does not have the package: bakeroll supports ${supportedReleases}; on Ubuntu enable the component \`universe\``,
  ],
  [/No space left/, 'df -h / /var'],
]

/** A hint from the output of a failed apt-get. */
export function aptHint(output: string): string {
  return hints.find(([pattern]) => pattern.test(output))?.[1] ?? 'install the packages with apt-get, then try again'
}
