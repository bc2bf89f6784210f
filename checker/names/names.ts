import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { hostsOfComputer, plainName, readIfThere } from './hosts-file.ts'
import { isLocalhost } from './localhost.ts'
import { LookUpError } from './look-up-error.ts'
import { type NameServers, openNameServers } from './name-server.ts'
import { parseNameSources } from './name-sources.ts'
import { candidates, parseSearchRules } from './search-list.ts'

/** Looks up names as the system does, until its deadline. */
export interface Names {
  /** All addresses of a host, IPv4 before IPv6; looks each host up once. Throws `LookUpError`. */
  addressesOf(host: string, family?: 4 | 6): Promise<string[]>
}

/**
 * Looks in the hosts file, then asks name servers with the search list of resolv.conf, then any other source in nsswitch.conf.
 * Never getaddrinfo in our own threads: two names with silent servers would hold up all others and the end of the process
 * (docs/decisions/0018-the-checker-looks-names-up-itself.md).
 */
export function openNames(endMs: number): Names {
  const known = new Map<string, Promise<string[]>>()
  let servers: NameServers | undefined

  async function lookUp(host: string, family: 4 | 6 | undefined): Promise<string[]> {
    const ofFamily = (addresses: readonly string[]) =>
      addresses.filter((address) => family === undefined || isIP(address) === family)
    const all = hostsOfComputer().get(plainName(host)) ?? []
    const written = ofFamily(all)
    // Both, even if the file lists only one: a service may listen on either.
    if (isLocalhost(host)) return sorted([...written, ...ofFamily(['127.0.0.1', '::1'])])
    if (written.length > 0) return sorted(written)
    const sources = parseNameSources(readIfThere('/etc/nsswitch.conf'))
    const fromSystem = async () =>
      sources.hasOthers ? ofFamily(await (await import('./system-look-up.ts')).addressesOfSystem(host, endMs)) : []
    const isMulticast = sources.hasMulticast && /\.local\.?$/i.test(host)
    if (isMulticast || !sources.asksServers) return sorted(orMissing(await fromSystem(), host))
    try {
      return sorted(await searched(host, family))
    } catch (error) {
      const found = error instanceof LookUpError && error.isFinal ? await fromSystem() : []
      if (found.length > 0) return sorted(found)
      throw all.length > 0 ? new LookUpError('ENODATA', host, error) : error
    }
  }

  /** A server that fails for one name in the search list may know the next; a silent one will stay silent. */
  async function searched(host: string, family: 4 | 6 | undefined): Promise<string[]> {
    servers ??= openNameServers(endMs)
    const rules = parseSearchRules(readIfThere('/etc/resolv.conf'), process.env, hostname())
    let worst: LookUpError | undefined
    for (const name of candidates(host, rules)) {
      try {
        return await servers.addressesOf(name, family)
      } catch (error) {
        if (!(error instanceof LookUpError) || error.code === 'EAI_AGAIN') throw error
        if (worst === undefined || rank(error) > rank(worst)) worst = error
      }
    }
    throw worst ?? new LookUpError('ENOTFOUND', host)
  }

  return {
    addressesOf(host, family) {
      const key = `${family ?? ''} ${host}`
      const found = known.get(key) ?? lookUp(host, family)
      known.set(key, found)
      return found
    },
  }
}

function orMissing(addresses: string[], host: string): string[] {
  if (addresses.length === 0) throw new LookUpError('ENOTFOUND', host)
  return addresses
}

/** ENODATA for one name in the list says more than ENOTFOUND for others, and a failure more than both. */
function rank({ code }: LookUpError): number {
  return ['ENOTFOUND', 'ENODATA', 'EAI_FAIL'].indexOf(code)
}

/** Without duplicates: a name server may repeat an address, which would make two targets with one name. */
function sorted(addresses: readonly string[]): string[] {
  return [...new Set(addresses)].toSorted((a, b) => isIP(a) - isIP(b))
}
