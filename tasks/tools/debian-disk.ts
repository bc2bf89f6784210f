import { existsSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from 'zx/core'
import { shellWord } from '../../checker/shell-word.ts'
import { OperatorError } from '../lib/errors.ts'
import { assertDisk, flattening } from './qemu.ts'
import { answerOf, runToEnd } from './run-to-end.ts'

/** A Debian system for a virtual machine. */
export interface DebianSystem {
  readonly suite: string
  readonly diskGib: number
  readonly packages: readonly string[]
  /** Local files to copy into it, by their path inside. */
  readonly files: Readonly<Record<string, string>>
  /** A script to run inside at the end. */
  readonly finishScript: string
}

export interface DebianDisk {
  readonly disk: string
  readonly kernel: string
  readonly initrd: string
}

/** Nobody reads these on such a machine. */
const leftOut = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*']
/** Licences require their text to accompany the program. When two rules match a path, dpkg uses the last. */
const kept = ['/usr/share/doc/*/copyright']

/** Packages for booting and name resolution; mmdebstrap's `apt` is the smallest variant that can install more. */
const bootable = ['systemd-sysv', 'libnss-resolve']

/** Merges /usr before the package that would do it later with Perl; included in mmdebstrap since 1.2. */
const mergedUsr = '/usr/share/mmdebstrap/hooks/maybe-merged-usr'

/** The arguments of mmdebstrap for a system as a tar file; `mirrors` are lines of an apt source list. */
export function mmdebstrapArguments(
  system: DebianSystem,
  tarFile: string,
  mirrors: readonly string[],
  hasMergedUsr = existsSync(mergedUsr),
): string[] {
  const uploads = Object.entries(system.files).map(([inside, file]) => `upload ${shellWord(file)} ${inside}`)
  const finish = '/root/finish.sh'
  const hooks = [...uploads, `upload ${shellWord(system.finishScript)} ${finish}`, `chroot "$1" sh ${finish}`]
  return [
    ...['--verbose', '--variant=apt', '--format=tar'],
    ...(hasMergedUsr ? [`--hook-dir=${mergedUsr}`] : []),
    `--include=${[...bootable, ...system.packages].join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    ...leftOut.map((path) => `--dpkgopt=path-exclude=${path}`),
    ...kept.map((path) => `--dpkgopt=path-include=${path}`),
    ...[...hooks, `rm "$1"${finish}`].map((hook) => `--customize-hook=${hook}`),
    ...[system.suite, tarFile, ...mirrors],
  ]
}

/**
 * Source list lines with the mirrors of this computer's own apt, when it runs Debian of that suite; otherwise none, and
 * mmdebstrap uses Debian's own.
 */
export async function hostMirrors(suite: string): Promise<string[]> {
  const format = '$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(COMPONENT)'
  const listing = await answerOf(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages'])
  return mirrorLines(suite, listing)
}

/** Turns apt's `origin|codename|uri|component` lines into source list lines of that suite. */
export function mirrorLines(suite: string, targets: string): string[] {
  const lines = targets.split('\n').flatMap((line) => {
    const [origin, codename, uri, component] = line.split('|')
    const isOfSuite = codename === suite || codename?.startsWith(`${suite}-`)
    return origin === 'Debian' && isOfSuite ? [`deb ${uri} ${codename} ${component}`] : []
  })
  return lines.some((line) => line.includes(` ${suite} `)) ? [...new Set(lines)] : []
}

/** Makes a bootable ext4 disk and extracts the kernel, which QEMU boots directly. Takes about a minute. */
export async function makeDebianDisk(
  system: DebianSystem,
  to: DebianDisk,
  { workFolder, logFile, signal }: { workFolder: string; logFile: string; signal: AbortSignal },
): Promise<void> {
  const tarFile = join(workFolder, 'system.tar')
  const root = join(workFolder, 'root')
  const raw = join(workFolder, 'disk.raw')
  const run = { logFile, signal }
  await logged('mmdebstrap', mmdebstrapArguments(system, tarFile, await hostMirrors(system.suite)), run)
  await mkdir(root)
  // fakeroot keeps owners without being root; device nodes come from devtmpfs at boot.
  await logged('fakeroot', ['sh', '-c', unpackAndFormat, 'sh', root, tarFile, raw, `${system.diskGib}G`], run)
  assertDisk(await runToEnd(flattening(raw, to.disk, 'raw')))
  await rename(await newestIn(join(root, 'boot'), 'vmlinuz-'), to.kernel)
  await rename(await newestIn(join(root, 'boot'), 'initrd.img-'), to.initrd)
  await Promise.all([root, tarFile, raw].map((path) => rm(path, { recursive: true, force: true })))
}

/** The fstab finds the root disk by its label (packer/local-source.sh). */
const unpackAndFormat = `set -e
tar --extract --directory "$1" --preserve-permissions --exclude './dev/*' --file "$2"
PATH="$PATH:/usr/sbin:/sbin" mke2fs -q -t ext4 -L bakeroll -d "$1" "$3" "$4"`

async function newestIn(folder: string, prefix: string): Promise<string> {
  const newest = (await readdir(folder))
    .filter((name) => name.startsWith(prefix))
    .sort()
    .at(-1)
  if (newest === undefined) throw new OperatorError('failed', `the Debian system has no ${prefix}* in /boot`)
  return join(folder, newest)
}

/** Runs one step with its output in the log; a stop ends it with all its children. */
async function logged(program: string, arguments_: string[], run: { logFile: string; signal: AbortSignal }) {
  run.signal.throwIfAborted()
  const log = await open(run.logFile, 'a', 0o600)
  // In its own process group, so that a Ctrl-C reaches it only once, through us.
  const step = $({ quiet: true, detached: true, stdio: ['ignore', log.fd, log.fd] })`${program} ${arguments_}`
  const stop = () => step.pid !== undefined && process.kill(-step.pid, 'SIGTERM')
  run.signal.addEventListener('abort', stop)
  try {
    await step
  } catch (cause) {
    if (run.signal.aborted) throw new OperatorError('interrupted', `${program} was stopped`, { cause })
    const lines = (await readFile(run.logFile, 'utf8')).trimEnd().split('\n')
    const said = lines.slice(-3).join('\n  ')
    throw new OperatorError('failed', `${program} failed:\n  ${said}`, {
      hint: `less ${shellWord(run.logFile)}`,
      cause,
    })
  } finally {
    run.signal.removeEventListener('abort', stop)
    await log.close()
  }
}
