import { BlockList } from 'node:net'

type Values = Readonly<Record<string, string>>

/**
 * The dangers of new parameter values for our own templates, one phrase each. A change set lists the resources that
 * change; only the parameters tell in which direction.
 */
export function parameterDangers(before: Values, after: Values): string[] {
  return Object.entries(after).flatMap(([name, value]) => {
    const old = before[name]
    if (old === undefined || old === value) return []
    const danger = judges[name]?.(old, value)
    return danger === undefined
      ? []
      : [`${danger}: ${name} ${old === '' ? 'none' : old} -> ${value === '' ? 'none' : value}`]
  })
}

const judges: Readonly<Record<string, (old: string, value: string) => string | undefined>> = {
  AllowedCidr: (old, value) => (isWithin(value, old) ? undefined : 'widens access'),
  Https: (_, value) => (value === 'true' ? 'widens access, opens port 443' : undefined),
  SecretsEndpoint: (_, value) => (value === 'true' ? 'lets instances reach more' : undefined),
  InstanceEgressPrefixListId: (_, value) => (value === '' ? undefined : 'lets instances reach more'),
  DeletionProtection: (_, value) => (value === 'true' ? undefined : 'removes a protection'),
}

/** Both are IPv4 networks like `203.0.113.0/24`. */
function isWithin(inner: string, outer: string): boolean {
  const [[address = '', bits = ''], [wide = '', wideBits = '']] = [inner.split('/'), outer.split('/')]
  const list = new BlockList()
  list.addSubnet(wide, Number(wideBits))
  return Number(bits) >= Number(wideBits) && list.check(address)
}
