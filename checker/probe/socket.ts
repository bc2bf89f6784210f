import { createRequire } from 'node:module'
import { connect, isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net'
import type tls from 'node:tls'

export interface Trust {
  /** The trusted certificates; absent: Node's defaults. */
  readonly secureContext?: tls.SecureContext | undefined
}

export interface SocketEvents {
  /** The peer sent a certificate, trusted or not; the first of its chain expires at `certificateEndsMs`. */
  shown(certificateEndsMs: number): void
  /** Connected; over TLS, with a trusted certificate. */
  ready(): void
  /** The buffer is reused after the call. */
  received(bytes: Buffer): void
  /** Closed, with or without an error; may be called twice. */
  closed(error?: Error): void
}

// Loaded on demand: TLS takes 10 ms to load.
const load = createRequire(import.meta.url)

/** Shared by all sockets, since nobody keeps it. */
const buffer = Buffer.allocUnsafe(64 * 1024)

/**
 * Connects to a service, over TLS for https, at the first of its addresses that accepts; each address gets an equal share of the
 * time left.
 */
export function openSocket(
  url: URL,
  addresses: readonly string[],
  { secureContext }: Trust,
  leftMs: number,
  events: SocketEvents,
): Socket {
  const isSecure = url.protocol === 'https:'
  const callback = (length: number) => {
    events.received(buffer.subarray(0, length))
    return true
  }
  const options: TcpNetConnectOpts = {
    ...placeOf(url, addresses, leftMs),
    port: Number(url.port) || (isSecure ? 443 : 80),
    onread: { buffer, callback },
  }
  const socket = isSecure
    ? (load('node:tls') as typeof tls).connect({ ...options, ...tlsOptions(url, secureContext) })
    : connect(options)
  // Before Node verifies it: a certificate that is not trusted is gone afterwards.
  if (isSecure) {
    socket.prependOnceListener('secure', () => {
      const endsMs = certificateEndMs(socket as tls.TLSSocket)
      if (endsMs !== undefined) events.shown(endsMs)
    })
  }
  socket.once(isSecure ? 'secureConnect' : 'connect', events.ready)
  socket.on('error', events.closed)
  socket.on('end', () => events.closed())
  socket.on('close', () => events.closed())
  return socket
}

type Place = Pick<TcpNetConnectOpts, 'host' | 'lookup' | 'autoSelectFamily' | 'autoSelectFamilyAttemptTimeout'>

function placeOf(url: URL, addresses: readonly string[], leftMs: number): Place {
  const [address = url.hostname, ...others] = addresses
  if (others.length === 0) return { host: address }
  const all = addresses.map((one) => ({ address: one, family: isIP(one) }))
  const lookup: LookupFunction = (_, __, found) => found(null, all)
  const autoSelectFamilyAttemptTimeout = Math.max(10, Math.floor(leftMs / (all.length + 1)))
  return { host: url.hostname, lookup, autoSelectFamily: true, autoSelectFamilyAttemptTimeout }
}

function tlsOptions(url: URL, secureContext: tls.SecureContext | undefined): tls.ConnectionOptions {
  return {
    // Server name indication allows only names, without a trailing dot (RFC 6066, 3).
    servername: isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0 ? url.hostname.replace(/\.$/, '') : '',
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
    ...(secureContext === undefined ? {} : { secureContext }),
  }
}

/** When the first certificate of the chain expires; the root, which the checker trusts itself, does not count. */
function certificateEndMs(socket: tls.TLSSocket): number | undefined {
  const endsMs: number[] = []
  let certificate: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (certificate?.valid_to !== undefined) {
    const { fingerprint256 }: tls.DetailedPeerCertificate = certificate
    const issuer: tls.DetailedPeerCertificate | undefined = certificate.issuerCertificate
    const isRoot: boolean = issuer === undefined || issuer.fingerprint256 === fingerprint256
    if (!isRoot || endsMs.length === 0) endsMs.push(Date.parse(certificate.valid_to))
    certificate = isRoot ? undefined : issuer
  }
  const known = endsMs.filter((ms) => !Number.isNaN(ms))
  return known.length === 0 ? undefined : Math.min(...known)
}
