/** The sources of names on a computer, besides its hosts file. */
export interface NameSources {
  readonly asksServers: boolean
  /** Sources that only the system's look-up reaches (mDNS, SSSD, LDAP, the computer's own name). */
  readonly hasOthers: boolean
  /** mDNS handles `.local` before name servers are asked (RFC 6762). */
  readonly hasMulticast: boolean
}

/** Parses the `hosts:` line of an nsswitch.conf (nsswitch.conf(5)); without it, files and name servers. */
export function parseNameSources(text: string): NameSources {
  const [, line] = /^[ \t]*hosts:([^#\n]*)/m.exec(text) ?? []
  const sources = (line ?? 'files dns')
    .replace(/\[[^\]]*\]/g, ' ')
    .trim()
    .split(/\s+/)
  // systemd-resolved is also the name server in resolv.conf.
  const asksServers = sources.includes('dns') || sources.includes('resolve')
  const hasOthers = sources.some((source) => source !== 'files' && source !== 'dns')
  return { asksServers, hasOthers, hasMulticast: sources.some((source) => source.startsWith('mdns')) }
}
