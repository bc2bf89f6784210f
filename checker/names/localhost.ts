/** Whether a name means this computer, whatever name servers say (RFC 6761, 6.3). */
export function isLocalhost(name: string): boolean {
  return /(^|\.)localhost\.?$/i.test(name)
}
