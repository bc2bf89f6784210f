import { isIP } from 'node:net'
import { hostname } from 'node:os'

/**
 * Whether the header `Host` names this exporter. A web page could otherwise use a name that resolves to it and read our answers
 * (DNS rebinding); such a name has a dot, and is neither an address nor this computer's name.
 */
export function isOwnHost(header: string | undefined, names: readonly string[], own = hostname()): boolean {
  // Only HTTP/1.0 may omit it, which no browser speaks.
  if (header === undefined) return true
  if (!URL.canParse(`http://${header}`)) return false
  const { hostname: asked } = new URL(`http://${header}`)
  const name = asked.replace(/\.$/, '').toLowerCase()
  const isKnown = [own, ...names].some((one) => name === one.toLowerCase())
  return isKnown || !name.includes('.') || isIP(name) !== 0 || name.startsWith('[') || name.endsWith('.localhost')
}
