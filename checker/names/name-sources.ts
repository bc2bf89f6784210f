/** Who knows names on a computer, beside its hosts file. */
export interface NameSources {
  /** Name servers. */
  readonly asksServers: boolean
  /** Others, which only the system's own look-up reaches (mDNS, SSSD, LDAP, the own name of the computer). */
  readonly hasOthers: boolean
  /** Those others know of `.local` before name servers are asked (RFC 6762). */
  readonly hasMulticast: boolean
}

/** Reads the line `hosts:` of an nsswitch.conf (nsswitch.conf(5)); without it, files and name servers. */
export function parseNameSources(text: string): NameSources {
  const [, line] = /^[ \t]*hosts:([^#\n]*)/m.exec(text) ?? []
  const sources = (line ?? 'files dns')
    .replace(/\[[^\]]*\]/g, ' ')
    .trim()
    .split(/\s+/)
  // systemd-resolved is the name server of resolv.conf, too.
  const asksServers = sources.includes('dns') || sources.includes('resolve')
  const hasOthers = sources.some((source) => source !== 'files' && source !== 'dns')
  return { asksServers, hasOthers, hasMulticast: sources.some((source) => source.startsWith('mdns')) }
}
