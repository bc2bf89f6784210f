import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'

/** Says why the certificates in a file cannot be trusted; undefined when they can. */
export function trustProblem(path: string): string | undefined {
  try {
    const certificates = certificatesIn(path)
    for (const certificate of certificates) new X509Certificate(certificate)
    return certificates.length > 0 ? undefined : `there is no certificate (PEM) in ${path}`
  } catch (error) {
    return `cannot read ${path}: ${error instanceof Error ? error.message : error}`
  }
}

/**
 * Trusts the certificates in a file (PEM) beside those that Node trusts. Made once for a
 * run, since it reads every root certificate.
 */
export function trustFile(path: string): SecureContext {
  return createSecureContext({ ca: trustedCertificates(path) })
}

/** All that are then trusted: `ca` replaces what Node trusts by itself, NODE_EXTRA_CA_CERTS included. */
export function trustedCertificates(path: string): string[] {
  const more = process.env.NODE_EXTRA_CA_CERTS
  return [...rootCertificates, ...(more ? certificatesIn(more) : []), ...certificatesIn(path)]
}

function certificatesIn(path: string): string[] {
  return readFileSync(path, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
}
