import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'

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

const made = new Map<string, { readonly stamp: string; readonly context: SecureContext }>()

/**
 * Trusts the certificates in a file (PEM) beside all that Node was told to trust. Made once for a process, since every root
 * certificate is read for it; anew when the file is another.
 */
export function trustFile(path: string): SecureContext {
  const known = made.get(path)
  const stamp = stampOf(path)
  if (known?.stamp === stamp) return known.context
  // Who replaces the file while the exporter runs may leave it unreadable for a moment, or for good.
  if (known !== undefined && trustProblem(path) !== undefined) return known.context
  const context = addTrusted(createSecureContext(), path)
  made.set(path, { stamp, context })
  return context
}

/** Another when the file is another. */
export function stampOf(path: string): string {
  const { mtimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? {}
  return `${mtimeMs} ${size} ${ino}`
}

/**
 * Adds the certificates in a file (PEM) to what a context trusts. Not by its option `ca`, which takes the place of all that Node was told
 * to trust (NODE_EXTRA_CA_CERTS, --use-openssl-ca with SSL_CERT_FILE, --use-system-ca), and no function of Node 20 lists that.
 */
export function addTrusted(context: SecureContext, path: string): SecureContext {
  // Of these Node 20 forgets when it adds another.
  for (const certificate of [...nodesOwn(), ...certificatesIn(path)]) context.context.addCACert(certificate)
  return context
}

/** Those of NODE_EXTRA_CA_CERTS; Node warns of a file that it cannot read, and goes on. */
function nodesOwn(): string[] {
  const path = process.env.NODE_EXTRA_CA_CERTS
  return path && trustProblem(path) === undefined ? certificatesIn(path) : []
}

function certificatesIn(path: string): string[] {
  return readFileSync(path, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
}
