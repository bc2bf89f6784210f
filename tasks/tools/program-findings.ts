import type { Finding } from '../lib/platform.ts'
import { type Distribution, distribution, supportedReleases } from './distribution.ts'
import { hashicorpRepository } from './hashicorp-repository.ts'
import { type RootAccess, rootAccess } from './root-access.ts'
import {
  comesFromVendor,
  findMissing,
  findProgram,
  type Program,
  type Purpose,
  programsFor,
  unsupported,
} from './system-packages.ts'

/** Decides whether a verb can install a missing program. */
export interface Installing {
  readonly system: Distribution
  readonly root: RootAccess
  /** Whether someone can answer sudo or a question. */
  readonly isAttended: boolean
}

export async function installing(): Promise<Installing> {
  return { system: distribution(), root: await rootAccess(), isAttended: process.stdin.isTTY === true }
}

/** Says whether bakeroll can install missing programs here. */
export function systemFinding(system: Distribution, arch: string = process.arch): Finding {
  const name = 'operating system'
  const found = `${system.name}, ${arch === 'x64' ? 'x86-64' : arch}`
  if (!system.hasApt) {
    const hint = `install the programs below yourself; bakeroll does so on ${supportedReleases}`
    return { name, status: 'warn', found, hint }
  }
  return system.isSupported ? { name, status: 'ok', found } : { name, status: 'warn', found: unsupported(system) }
}

/** How missing programs would be installed; `fail` when they cannot be. */
export function rootFinding(missing: readonly Program[], { system, root, isAttended }: Installing): Finding {
  const name = 'root'
  if (missing.length === 0) return { name, status: 'ok', found: 'not needed: every program is here' }
  if (!system.hasApt) return { name, status: 'ok', found: 'not needed: nothing is installed on this system' }
  const ways: Record<RootAccess, string> = {
    root: 'you are root',
    sudo: 'sudo, without a password',
    password: isAttended
      ? 'sudo, which will ask for your password'
      : 'sudo needs a password, and there is nobody to ask',
    none: 'you are not root, and there is no sudo',
  }
  if (canInstall({ root, isAttended })) return { name, status: 'ok', found: ways[root] }
  return { name, status: 'fail', found: ways[root], hint: `${asRoot(root)}${aptCommand(missing)}` }
}

/** A program that a verb installs by itself is a warning, not a failure. */
export function programFinding(program: Program, isHere: boolean, where: Installing): Finding {
  const { name, why } = program
  const found = `missing: it ${why}`
  if (isHere) return { name, status: 'ok', found: program.file ?? findProgram(name) ?? 'here' }
  if (!where.system.hasApt) {
    return {
      name,
      status: 'fail',
      found,
      hint: `install it with the package manager; Debian's package is ${program.package}`,
    }
  }
  if (comesFromVendor(program, where.system)) {
    const can = canInstall(where) && where.isAttended
    const { vendor, guide } = hashicorpRepository
    const by = can
      ? `bakes add ${vendor}'s apt repository, and ask before that`
      : `with --yes bakes add ${vendor}'s apt repository; by hand: ${guide}`
    return { name, status: can ? 'warn' : 'fail', found: `${found}; not in the archive of this system`, hint: by }
  }
  if (canInstall(where))
    return {
      name,
      status: 'warn',
      found: `${found}; installed when needed`,
      hint: `sudo ${aptCommand([program])}`,
    }
  return { name, status: 'fail', found, hint: `${asRoot(where.root)}${aptCommand([program])}` }
}

/** The system, root access, and every program for a purpose. */
export async function computerFindings(purpose: Purpose): Promise<Finding[]> {
  const where = await installing()
  const needed = programsFor(purpose)
  const missing = findMissing(needed)
  return [
    systemFinding(where.system),
    ...needed.map((program) => programFinding(program, !missing.includes(program), where)),
    rootFinding(missing, where),
  ]
}

function canInstall({ root, isAttended }: Pick<Installing, 'root' | 'isAttended'>): boolean {
  return root === 'root' || root === 'sudo' || (root === 'password' && isAttended)
}

/** sudo exists, and only needs someone to answer it. */
function asRoot(root: RootAccess): string {
  return root === 'password' ? 'sudo ' : 'as root: '
}

function aptCommand(missing: readonly Program[]): string {
  const packages = [...new Set(missing.map((program) => program.package))]
  return `apt-get install --no-install-recommends ${packages.join(' ')}`
}
