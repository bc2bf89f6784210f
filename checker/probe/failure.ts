import { describeTlsCode } from './tls-failure.ts'

/** Why there is no answer; `checker` when the checker itself is at fault and cannot tell. */
export interface Failure {
  readonly reason: string
  readonly cause: 'service' | 'checker'
  /** The checker's computer has no route for this address family. */
  readonly hasNoRoute?: true
}

/** Carries a failure from where it is detected to the facts. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError'
  readonly failure: Failure

  constructor(reason: string, cause: Failure['cause'] = 'service') {
    super(reason)
    this.failure = { reason, cause }
  }
}

const ofService: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset before the answer was complete',
  EPIPE: 'connection closed before the request was sent',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENOTFOUND: 'the host name does not exist',
  ENODATA: 'the host name has no address',
  EPROTO: 'no TLS on this port, or no TLS version in common',
}

const ofChecker: Record<string, string> = {
  EAI_AGAIN: 'the host name could not be looked up: the name server does not answer the checker',
  EAI_FAIL: 'the host name could not be looked up: the name server failed',
  ENETUNREACH: 'the checker has no route to this address',
  EAFNOSUPPORT: 'the checker has no addresses of this family',
  ENETDOWN: "the checker's network is down",
  EADDRNOTAVAIL: 'the checker has no local address or port left for the connection',
  EACCES: 'the checker is not allowed to connect',
  EPERM: 'the checker is not allowed to connect',
  EMFILE: 'the checker has no file descriptors left',
  ENFILE: "the checker's computer has no file descriptors left",
}

/** Explains an error of Node's net, dns and tls. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof ProbeError) return error.failure
  if (!(error instanceof Error)) return { reason: String(error), cause: 'service' }
  if (error instanceof AggregateError && error.errors.length > 0) {
    // Several addresses were tried: an answer from one outweighs a problem of ours with another.
    const all = error.errors.map(describeFailure)
    return all.find(({ cause }) => cause === 'service') ?? (all[0] as Failure)
  }
  const code = 'code' in error ? String(error.code) : ''
  const checkerReason = ofChecker[code]
  if (checkerReason !== undefined) {
    return { reason: checkerReason, cause: 'checker', ...(isWithoutRoute(code, error) ? { hasNoRoute: true } : {}) }
  }
  if (isCertificateCode(code)) {
    // Node's advice about its own flags does not help here.
    const why = error.message.replace(/; if the root CA is installed locally,.*$/s, '')
    return { reason: `the certificate is not trusted: ${why}`, cause: 'service' }
  }
  return { reason: ofService[code] ?? describeTlsCode(code) ?? oneLine(error.message), cause: 'service' }
}

/** EADDRNOTAVAIL means over IPv6 that the computer has IPv6 switched off, over IPv4 that all local ports are taken. */
function isWithoutRoute(code: string, error: Error): boolean {
  if (code === 'EADDRNOTAVAIL') return 'address' in error && String(error.address).includes(':')
  return code === 'ENETUNREACH' || code === 'EAFNOSUPPORT'
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** Node has no code for some of OpenSSL's reasons, such as a key that is too short. */
function isCertificateCode(code: string): boolean {
  return (
    !code.startsWith('ERR_SSL_') &&
    /CERT|UNABLE_TO_|CRL_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|^UNSPECIFIED$/.test(code)
  )
}
