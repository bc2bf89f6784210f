import { readFileSync, statSync } from 'node:fs'
import { isIP } from 'node:net'

/** Lower-case names with their addresses, in order. */
export type Hosts = ReadonlyMap<string, readonly string[]>

/** Parses a hosts file (hosts(5)): an address and its names on each line; a name may occur on several. */
export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (isIP(address) === 0) continue
    for (const name of names.map(plainName)) {
      const known = hosts.get(name)
      if (known === undefined) hosts.set(name, [address])
      else if (!known.includes(address)) known.push(address)
    }
  }
  return hosts
}

/** Lower case, without a trailing dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}

const hostsFile = '/etc/hosts'
let kept: { readonly stamp: string; readonly hosts: Hosts } | undefined

/** This computer's hosts file, read again after it changes. */
export function hostsOfComputer(): Hosts {
  const { mtimeMs, size, ino } = statSync(hostsFile, { throwIfNoEntry: false }) ?? {}
  const stamp = `${mtimeMs} ${size} ${ino}`
  if (kept?.stamp !== stamp) kept = { stamp, hosts: parseHosts(readIfThere(hostsFile)) }
  return kept.hosts
}

/** Empty when the file does not exist or cannot be read. */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
