import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'

/** Why the certificates in a file cannot be used; undefined when they can. */
export function trustProblem(path: string): string | undefined {
  try {
    const certificates = certificatesIn(path)
    for (const certificate of certificates) new X509Certificate(certificate)
    return certificates.length > 0 ? undefined : `there is no certificate (PEM) in ${path}`
  } catch (error) {
    return `cannot read ${path}: ${error instanceof Error ? error.message : error}`
  }
}

const made = new Map<string, { readonly stamp: string; readonly context: SecureContext }>()

/**
 * Trusts the certificates in a file (PEM) in addition to Node's. Cached, since building a context reads every root certificate;
 * rebuilt when the file changes.
 */
export function trustFile(path: string): SecureContext {
  const known = made.get(path)
  const stamp = stampOf(path)
  if (known?.stamp === stamp) return known.context
  // A file that is replaced while the exporter runs may be unreadable for a moment, or for good.
  if (known !== undefined && trustProblem(path) !== undefined) return known.context
  const context = addTrusted(createSecureContext(), path)
  made.set(path, { stamp, context })
  return context
}

/** Changes when the file does. */
export function stampOf(path: string): string {
  const { mtimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? {}
  return `${mtimeMs} ${size} ${ino}`
}

/**
 * Adds the certificates in a file (PEM) to a context. The option `ca` would replace what Node was told to trust
 * (NODE_EXTRA_CA_CERTS, --use-openssl-ca with SSL_CERT_FILE, --use-system-ca), and no function of Node 20 lists that.
 */
export function addTrusted(context: SecureContext, path: string): SecureContext {
  // Node 20 drops its extra certificates when another is added.
  for (const certificate of [...nodesOwn(), ...certificatesIn(path)]) context.context.addCACert(certificate)
  return context
}

/** The certificates of NODE_EXTRA_CA_CERTS; Node only warns about a file that it cannot read. */
function nodesOwn(): string[] {
  const path = process.env.NODE_EXTRA_CA_CERTS
  return path && trustProblem(path) === undefined ? certificatesIn(path) : []
}

function certificatesIn(path: string): string[] {
  return readFileSync(path, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
}
