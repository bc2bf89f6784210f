import { existsSync } from 'node:fs'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { aptArguments, aptHint, isOutdated, needsUpdate, serviceArguments } from './apt.ts'
import { addRepository, type VendorRepository } from './hashicorp-repository.ts'
import { askForPassword, rootAccess } from './root-access.ts'
import { runToEnd } from './run-to-end.ts'

export interface AptRequest {
  readonly packages: readonly string[]
  /** Units to leave stopped and disabled. */
  readonly services: readonly string[]
  /** The packages that come from a vendor's repository. */
  readonly vendor?:
    | { readonly repository: VendorRepository; readonly codename: string; readonly packages: readonly string[] }
    | undefined
}

/** apt verifies https with the certificates of this package. */
const certificates = { package: 'ca-certificates', file: '/etc/ssl/certs/ca-certificates.crt' }

/**
 * Installs Debian packages, through sudo when not root. Throws an OperatorError with apt's last lines, or when root is
 * needed and not available.
 */
export async function aptInstall(request: AptRequest, progress: Progress, signal?: AbortSignal): Promise<void> {
  const { packages, services, vendor } = request
  const root = await rootPrefix(packages, progress, signal)
  const apt = new Apt(root, progress, signal)
  const units = existsSync('/run/systemd/system') ? services : []
  const { before, after } = serviceArguments(root, units)
  if (units.length > 0) await apt.run(before)
  try {
    if (needsUpdate()) await apt.run(aptArguments(root, 'update'))
    const ofArchive = packages.filter((name) => !vendor?.packages.includes(name))
    if (vendor && !existsSync(certificates.file)) ofArchive.push(certificates.package)
    if (ofArchive.length > 0) await apt.runAgainAfterUpdate(aptArguments(root, 'install', ofArchive))
    if (vendor) {
      await addRepository(vendor.repository, vendor.codename, (argv) => apt.run([...root, ...argv]), signal)
      await apt.run(aptArguments(root, 'update'))
      await apt.run(aptArguments(root, 'install', vendor.packages))
    }
  } finally {
    if (units.length > 0) for (const argv of after) await runToEnd(argv)
  }
}

class Apt {
  readonly #root: readonly string[]
  readonly #progress: Progress
  readonly #signal: AbortSignal | undefined
  /**
   * All output so far: apt-get update succeeds without a network, and only its output explains why an install fails
   * later.
   */
  #said = ''

  constructor(root: readonly string[], progress: Progress, signal: AbortSignal | undefined) {
    this.#root = root
    this.#progress = progress
    this.#signal = signal
  }

  async run(argv: readonly string[]): Promise<void> {
    const { failed, said, cause } = await this.#attempt(argv)
    if (failed) throw aptError(argv, said, this.#said, cause)
  }

  /** Runs `argv`; when the failure looks like an outdated package list, updates the list and tries once more. */
  async runAgainAfterUpdate(argv: readonly string[]): Promise<void> {
    const { failed, said, cause } = await this.#attempt(argv)
    if (!failed) return
    if (!isOutdated(said)) throw aptError(argv, said, this.#said, cause)
    await this.run(aptArguments(this.#root, 'update'))
    await this.run(argv)
  }

  async #attempt(argv: readonly string[]) {
    const onLine = (line: string) => this.#progress.live([`  ${line}`])
    const stopped = 'interrupted while installing packages'
    const ended = await runToEnd(argv, { signal: this.#signal, stopped, onLine }).finally(() => this.#progress.live([]))
    this.#said += `${ended.said}\n`
    return ended
  }
}

async function rootPrefix(packages: readonly string[], progress: Progress, signal?: AbortSignal): Promise<string[]> {
  const access = await rootAccess()
  if (access === 'root') return []
  if (access === 'password') await askForPassword(packages, progress, signal)
  if (access !== 'none') return ['sudo', '-n']
  throw new OperatorError('refused', `installing ${packages.join(', ')} needs root`, {
    hint: `as root: apt-get install --no-install-recommends ${packages.join(' ')}`,
  })
}

function aptError(argv: readonly string[], output: string, said: string, cause: unknown): OperatorError {
  const lines = output.trim().split('\n')
  const errors = lines.filter((line) => line.startsWith('E: '))
  const command = argv.slice(Math.max(0, argv.indexOf('apt-get'))).join(' ')
  const last = (errors.length > 0 ? errors : lines).slice(-10).join('\n')
  return new OperatorError('failed', `${command}\n${last}`, { hint: aptHint(said), cause })
}
