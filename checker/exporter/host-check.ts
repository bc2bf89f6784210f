import { isIP } from 'node:net'
import { hostname } from 'node:os'

/**
 * Whether a request means this exporter by its header `Host`. A page in a browser can be given a name that leads here, and would
 * then read what we answer (DNS rebinding); such a name has a dot, and is neither an address nor that of this computer.
 */
export function isOwnHost(header: string | undefined, names: readonly string[], own = hostname()): boolean {
  // Only HTTP/1.0 may leave it out, which no browser speaks.
  if (header === undefined) return true
  if (!URL.canParse(`http://${header}`)) return false
  const { hostname: asked } = new URL(`http://${header}`)
  const name = asked.replace(/\.$/, '').toLowerCase()
  const isKnown = [own, ...names].some((one) => name === one.toLowerCase())
  return isKnown || !name.includes('.') || isIP(name) !== 0 || name.startsWith('[') || name.endsWith('.localhost')
}
