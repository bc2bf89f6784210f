import { type RunNames, resolveAddresses } from './addresses.ts'
import { type Answer, type Connection, openConnection } from './connection.ts'
import type { Deadline } from './deadline.ts'
import { describeFailure, ProbeError } from './failure.ts'
import type { Reach } from './reach.ts'
import { hopsInWords, redirection } from './redirects.ts'
import type { RequestHeaders } from './request-headers.ts'
import type { Trust } from './socket.ts'

export interface RoutedAnswer extends Answer {
  /** The urls that redirects led to, in order. */
  readonly hops: readonly string[]
}

/** One service at one address, and whatever it redirects to. */
export interface Route {
  /** Requests a path, following redirects; one beyond the limit is returned as the answer. Throws as `Connection.get` does. */
  get(path: string, accept: string): Promise<RoutedAnswer>
  /** The address that answered for the service itself; undefined until one did. */
  remoteAddress(): string | undefined
  /** The certificate that expires first of all seen on the way, and its origin. */
  certificate(): { readonly endsMs: number; readonly origin: string } | undefined
  close(): void
}

export interface RouteLimits extends Trust {
  readonly deadline: Deadline
  readonly names: RunNames
  /** Only addresses of this family. */
  readonly family?: 4 | 6 | undefined
  readonly followRedirects: number
  /** One request per connection. */
  readonly freshConnections: boolean
  /** Absent: everything may be asked. */
  readonly reach?: Reach | undefined
  /** Sent only to the service's own origin; a redirect to another origin is another service. */
  readonly own?: Trust & { readonly headers?: RequestHeaders }
}

interface Place {
  readonly url: URL
  /** The request target: path and query. */
  readonly target: string
  readonly hops: readonly string[]
  /** Absent until the first request. */
  connection?: Connection
}

/** Prepares requests to a service; sends nothing yet. A path that redirected before is asked at its final url from then on. */
export function openRoute(service: URL, addresses: readonly string[], limits: RouteLimits): Route {
  const { deadline, secureContext, freshConnections } = limits
  const own = openConnection(service, addresses, deadline, limits.own ?? { secureContext }, freshConnections)
  const connections = new Map([[service.origin, own]])
  const found = new Map<string, Place>()

  async function connect({ origin, hostname }: URL): Promise<Connection> {
    const known = connections.get(origin)
    if (known !== undefined) return known
    const refused = limits.reach?.hostProblem(new URL(origin))
    if (refused !== undefined) throw new ProbeError(refused, 'checker')
    // The same name at another port must be the same server: another server of that name says nothing about this one.
    const places = hostname === service.hostname ? addresses : await allowedAddresses(hostname)
    const connection = openConnection(new URL(origin), places, deadline, { secureContext }, freshConnections)
    connections.set(origin, connection)
    return connection
  }

  async function allowedAddresses(host: string): Promise<readonly string[]> {
    const found = (await resolveAddresses(host, limits.names, limits.family)).flat()
    const allowed = found.filter((address) => limits.reach?.addressProblem(address) === undefined)
    const [first = host] = found
    if (allowed.length === 0) throw new ProbeError(`${limits.reach?.addressProblem(first)}`, 'checker')
    return allowed
  }

  function failureBehind({ hops }: Place, error: unknown): unknown {
    if (hops.length === 0 || limits.deadline.isOver) return error
    const { reason, cause } = describeFailure(error)
    return new ProbeError(`${hopsInWords(hops)}: ${reason}`, cause)
  }

  return {
    remoteAddress: own.remoteAddress,
    certificate() {
      const shown = [...connections].flatMap(([origin, connection]) => {
        const endsMs = connection.certificateEndsMs()
        return endsMs === undefined ? [] : [{ endsMs, origin }]
      })
      return shown.toSorted((a, b) => a.endsMs - b.endsMs)[0]
    },
    async get(path, accept) {
      let place = found.get(path) ?? placeOf(new URL(path, service.origin), [])
      for (;;) {
        let answer: Answer
        try {
          place.connection ??= await connect(place.url)
          answer = await place.connection.get(place.target, accept)
        } catch (error) {
          throw failureBehind(place, error)
        }
        const next = place.hops.length < limits.followRedirects ? redirection(answer, place.url) : undefined
        if (next === undefined) {
          found.set(path, place)
          return { ...answer, hops: place.hops }
        }
        place = placeOf(next, [...place.hops, next.href])
      }
    },
    close() {
      for (const connection of connections.values()) connection.close()
    },
  }
}

function placeOf(url: URL, hops: readonly string[]): Place {
  return { url, target: url.pathname + url.search, hops }
}
