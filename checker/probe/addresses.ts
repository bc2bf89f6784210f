import { isIP } from 'node:net'
import { isLocalhost } from '../names/localhost.ts'
import type { Names } from '../names/names.ts'
import type { Deadline } from './deadline.ts'
import type { ProbeFacts } from './facts.ts'
import { ProbeError } from './failure.ts'

export type RunNames = Names['addressesOf']

/**
 * Groups of addresses to probe for a url's host, IPv4 before IPv6: each address alone, except that `localhost` is one group,
 * since a service that listens on either address is up. Skips families in which this machine has no address; with `family`, all
 * others.
 */
export async function resolveAddresses(host: string, names: RunNames, family?: 4 | 6): Promise<string[][]> {
  const bare = host.replace(/^\[|\]$/g, '')
  if (isIP(bare) !== 0) return [ofFamily([bare], family)]
  const addresses = await names(bare, family)
  if (isLocalhost(bare)) return [addresses]
  const { networkInterfaces } = await import('node:os')
  const own = Object.values(networkInterfaces()).flatMap((interfaces) => interfaces ?? [])
  const wanted = family === undefined ? usableAddresses(addresses, own) : addresses
  return wanted.map((address) => [address])
}

function ofFamily(addresses: readonly string[], family: 4 | 6 | undefined): string[] {
  const wanted = addresses.filter((address) => family === undefined || isIP(address) === family)
  if (wanted.length === 0) throw new ProbeError(`the host has no IPv${family} address`)
  return wanted
}

/** The addresses whose family is configured on one of our interfaces; all of them if that leaves none. */
export function usableAddresses(
  addresses: readonly string[],
  own: readonly { readonly address: string; readonly internal: boolean }[],
): string[] {
  const families = new Set(
    own
      .filter(({ address, internal }) => !internal && !address.toLowerCase().startsWith('fe80:'))
      .map(({ address }) => isIP(address)),
  )
  const sorted = addresses.toSorted((a, b) => isIP(a) - isIP(b))
  const usable = sorted.filter((address) => families.has(isIP(address)) || /^127\.|^::1$/.test(address))
  return usable.length > 0 ? usable : sorted
}

/**
 * Drops the addresses of a family that this machine has no route to, if another family answered: an address in a family (unique
 * local, of a container) does not imply a route. Records the dropped ones in `leftOut`.
 */
export function withoutUnreachable(facts: readonly ProbeFacts[]): ProbeFacts[] {
  const familyOf = ({ address = '' }: ProbeFacts) => isIP(address)
  const reached = new Set(facts.filter(({ timeFailure }) => timeFailure?.hasNoRoute !== true).map(familyOf))
  const others = facts.filter((fact) => reached.has(familyOf(fact)))
  const leftOut = facts.flatMap(({ address }) => (address === undefined || reached.has(isIP(address)) ? [] : [address]))
  return others.length === 0 || leftOut.length === 0 ? [...facts] : others.map((fact) => ({ ...fact, leftOut }))
}

/** Looks up the names of one run until its deadline. */
export function namesWithin(deadline: Deadline): RunNames {
  let names: Promise<Names> | undefined
  return async (host, family) => {
    // Loaded only when there is a name to look up.
    names ??= import('../names/names.ts').then(({ openNames }) => openNames(deadline.endMs))
    let forget = () => {}
    const late = new Promise<never>((_, reject) => {
      const giveUp = () => reject(new ProbeError('the host name could not be looked up in time', 'checker'))
      forget = deadline.whenOver(giveUp)
    })
    const found = names
      .then((all) => all.addressesOf(host, family))
      .catch((error) => {
        if (family === undefined || error.code !== 'ENODATA') throw error
        throw new ProbeError(`the host has no IPv${family} address`)
      })
    return Promise.race([found, late]).finally(forget)
  }
}
