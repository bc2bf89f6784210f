import { readFileSync } from 'node:fs'

export interface Distribution {
  /** `Debian GNU/Linux 12 (bookworm)`. */
  readonly name: string
  /** Whether it has apt and Debian's package names. */
  readonly hasApt: boolean
  readonly isUbuntu: boolean
  /** The Debian or Ubuntu release of its packages: `bookworm`, `noble`; empty when there is none. */
  readonly codename: string
  /** Whether bakeroll supports it: every package is in its archive, or comes from elsewhere. */
  readonly isSupported: boolean
  readonly hasPacker: boolean
}

/** The supported releases, and whether their archives have Packer. */
const releases = [
  { is: 'debian 12', codename: 'bookworm', hasPacker: true },
  { is: 'debian 13', codename: 'trixie', hasPacker: false },
  { is: 'ubuntu 22.04', codename: 'jammy', hasPacker: true },
  { is: 'ubuntu 24.04', codename: 'noble', hasPacker: false },
] as const

/** The supported releases, for people. */
export const supportedReleases = 'Debian 12 and 13, Ubuntu 22.04 and 24.04'

/** Reads /etc/os-release (os-release(5)). A derivative of Debian or Ubuntu gets the codename of its base. */
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
