import { BlockList, isIP } from 'node:net'

/** Which targets may be asked at all. Both halves say what is wrong; undefined when nothing is. */
export interface Reach {
  hostProblem(url: URL): string | undefined
  /** Asked after the look-up, of the very address that is connected to, so that no name server leads around it. */
  addressProblem(address: string): string | undefined
}

/** Hosts that may be asked. */
export interface HostPattern {
  /** In lower case; `*.` at its beginning stands for any names before the rest. */
  readonly host: string
  readonly port: string
}

/** Reads `HOST[:PORT]` with commas between several, `*.example.org` and `*` too; undefined when one is none. */
export function parseHosts(text: string): readonly HostPattern[] | undefined {
  const patterns = text.split(',').map((one): HostPattern | undefined => {
    const [, host, port = ''] =
      /^(\*|(?:\*\.)?[a-z\d_][a-z\d_.-]*|\[[a-f\d:.]+\])(?::(\d{1,5}))?$/i.exec(one.trim()) ?? []
    return host === undefined ? undefined : { host: host.toLowerCase(), port }
  })
  return patterns.every((pattern) => pattern !== undefined) ? patterns : undefined
}

/** Reads addresses and networks, `10.0.0.0/8`, with commas between several; undefined when one is none. */
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

/** The limits that two options set; what is not said limits nothing. */
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
