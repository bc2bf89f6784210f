export interface TimeServer {
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
}

const ntpPort = 123

/** Parses `HOST[:PORT],...`, IPv6 addresses with or without brackets; undefined when one is invalid. */
export function parseTimeServers(text: string): readonly TimeServer[] | undefined {
  const servers = text.split(',').map(parseTimeServer)
  return servers.every((server) => server !== undefined) ? servers : undefined
}

function parseTimeServer(text: string): TimeServer | undefined {
  // Several colons without brackets: an IPv6 address without a port.
  const shape = /^(?:\[([\da-f:.]+)\]|([a-z\d](?:[\w.-]*\w)?\.?))(?::(\d{1,5}))?$|^([\da-f]*:[\da-f]*:[\da-f:.]*)$/i
  const [, bracketed, name, port = ntpPort, bare] = shape.exec(text) ?? []
  const host = bracketed ?? name ?? bare
  if (host === undefined || host === 'none' || Number(port) < 1 || Number(port) > 65_535) return undefined
  return { host, port: Number(port) }
}
