import { BlockList, isIP } from 'node:net'

/** Which targets may be asked. Both functions return the problem; undefined when there is none. */
export interface Reach {
  hostProblem(url: URL): string | undefined
  /** Called after the look-up with the address that is connected to, so that DNS cannot bypass the limit. */
  addressProblem(address: string): string | undefined
}

export interface HostPattern {
  /** Lower case; a leading `*.` stands for any labels. */
  readonly host: string
  readonly port: string
}

/**
 * Parses a comma-separated list of `HOST[:PORT]`, where HOST may be `*.example.org` or `*`; undefined when an entry is invalid.
 */
export function parseHosts(text: string): readonly HostPattern[] | undefined {
  const patterns = text.split(',').map((one): HostPattern | undefined => {
    const [, host, port = ''] =
      /^(\*|(?:\*\.)?[a-z\d_][a-z\d_.-]*|\[[a-f\d:.]+\])(?::(\d{1,5}))?$/i.exec(one.trim()) ?? []
    return host === undefined ? undefined : { host: host.toLowerCase(), port }
  })
  return patterns.every((pattern) => pattern !== undefined) ? patterns : undefined
}

/** Parses a comma-separated list of addresses and networks, such as `10.0.0.0/8`; undefined when an entry is invalid. */
export function parseNetworks(text: string): BlockList | undefined {
  const list = new BlockList()
  for (const one of text.split(',')) {
    const [, address = '', bits] = /^([a-f\d.:]+)(?:\/(\d{1,3}))?$/i.exec(one.trim()) ?? []
    const family = isIP(address)
    const longest = family === 4 ? 32 : 128
    if (family === 0 || Number(bits ?? longest) > longest) return undefined
    list.addSubnet(address, Number(bits ?? longest), family === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

/** The limits of two options; an absent one limits nothing. */
export function reachOf(patterns: readonly HostPattern[] | undefined, list: BlockList | undefined): Reach {
  return {
    hostProblem({ hostname, port, protocol }) {
      const host = hostname.replace(/\.$/, '')
      const asked = port || (protocol === 'https:' ? '443' : '80')
      const isAllowed = patterns?.some((pattern) => isHost(pattern.host, host) && ['', asked].includes(pattern.port))
      return isAllowed === false ? `${host}:${asked} is not among --probe-hosts` : undefined
    },
    addressProblem(address) {
      const isAllowed = list?.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
      return isAllowed === false ? `${address} is not in --probe-networks` : undefined
    },
  }
}

function isHost(pattern: string, host: string): boolean {
  if (pattern === '*') return true
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) && host.length >= pattern.length : pattern === host
}
