import { readFileSync } from 'node:fs'

/** The system of this computer, as far as packages go. */
export interface Distribution {
  /** `Debian GNU/Linux 12 (bookworm)`. */
  readonly name: string
  /** Whether it has apt and Debian's names of packages. */
  readonly hasApt: boolean
  readonly isUbuntu: boolean
  /** The release of Debian or Ubuntu that its packages are those of: `bookworm`, `noble`; empty where there is none. */
  readonly codename: string
  /** Whether bakeroll is made for it: every package is known to be in its archive, or to come from elsewhere. */
  readonly isSupported: boolean
  /** Whether its archive has Packer. */
  readonly hasPacker: boolean
}

/** The releases that bakeroll is made for, and whether their archives have Packer. */
const releases = [
  { is: 'debian 12', codename: 'bookworm', hasPacker: true },
  { is: 'debian 13', codename: 'trixie', hasPacker: false },
  { is: 'ubuntu 22.04', codename: 'jammy', hasPacker: true },
  { is: 'ubuntu 24.04', codename: 'noble', hasPacker: false },
] as const

/** How the releases are called where people read of them. */
export const supportedReleases = 'Debian 12 and 13, Ubuntu 22.04 and 24.04'

/** Reads /etc/os-release (os-release(5)). A system made from Debian or Ubuntu names the release that it is made from. */
export function distribution(file = '/etc/os-release'): Distribution {
  const fields = fieldsOf(file)
  const ids = [fields.get('ID') ?? '', ...(fields.get('ID_LIKE') ?? '').split(' ')]
  const own = releases.find(({ is }) => is === `${fields.get('ID')} ${fields.get('VERSION_ID')}`)
  const codename =
    fields.get('UBUNTU_CODENAME') ?? fields.get('DEBIAN_CODENAME') ?? fields.get('VERSION_CODENAME') ?? ''
  return {
    name: fields.get('PRETTY_NAME') ?? 'a system without /etc/os-release',
    hasApt: ids.includes('debian') || ids.includes('ubuntu'),
    isUbuntu: ids[0] === 'ubuntu',
    codename,
    isSupported: own !== undefined,
    hasPacker: (own ?? releases.find((release) => release.codename === codename))?.hasPacker ?? true,
  }
}

function fieldsOf(file: string): Map<string, string> {
  const lines = readFileOr(file, '').matchAll(/^([A-Z_]+)=(["']?)(.*)\2$/gm)
  return new Map([...lines].map(([, key = '', , value = '']) => [key, value]))
}

function readFileOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise
  }
}
