/** How a short name is completed (resolv.conf(5)). */
export interface SearchRules {
  /** Domains to append to a name. */
  readonly domains: readonly string[]
  /** A name with at least this many dots is tried unchanged first. */
  readonly dots: number
}

/**
 * Parses `search`, `domain` and `options ndots:` of a resolv.conf; the last `search` or `domain` wins, LOCALDOMAIN and
 * RES_OPTIONS override both. The default is the domain of the computer's own name.
 */
export function parseSearchRules(text: string, environment: NodeJS.ProcessEnv, hostname: string): SearchRules {
  let domains: string[] | undefined
  let options = ''
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/)
    if (keyword === 'search') domains = words
    if (keyword === 'domain') domains = words.slice(0, 1)
    if (keyword === 'options') options += ` ${words.join(' ')}`
  }
  options += ` ${environment['RES_OPTIONS'] ?? ''}`
  const ndots = [...options.matchAll(/(?:^|\s)ndots:(\d+)/g)].at(-1)?.[1] ?? 1
  const said = environment['LOCALDOMAIN']?.split(/\s+/) ?? domains ?? [hostname.split('.').slice(1).join('.')]
  return { domains: said.filter((domain) => domain !== '' && domain !== '.'), dots: Math.min(15, Number(ndots)) }
}

/** The names to try, in order; a trailing dot marks a fully qualified name. */
export function candidates(name: string, { domains, dots }: SearchRules): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const searched = domains.map((domain) => `${name}.${domain.replace(/^\.|\.$/g, '')}`)
  return name.split('.').length - 1 >= dots ? [name, ...searched] : [...searched, name]
}
