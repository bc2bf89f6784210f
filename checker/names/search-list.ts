/** Which names are asked for, of a name that may be short (resolv.conf(5)). */
export interface SearchRules {
  /** The domains that may be missing at the end of a name. */
  readonly domains: readonly string[]
  /** A name with so many dots is first taken as it is. */
  readonly dots: number
}

/**
 * Reads `search`, `domain` and `options ndots:` of a resolv.conf; the last `search` or `domain` counts, LOCALDOMAIN and RES_OPTIONS
 * before either. Where nothing is said the domain of the computer's own name is searched.
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

/** What to ask for, in order, until something is found: with a dot at its end a name is whole. */
export function candidates(name: string, { domains, dots }: SearchRules): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const searched = domains.map((domain) => `${name}.${domain.replace(/^\.|\.$/g, '')}`)
  return name.split('.').length - 1 >= dots ? [name, ...searched] : [...searched, name]
}
