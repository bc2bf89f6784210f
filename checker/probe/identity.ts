import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { addTrusted, stampOf, trustProblem } from './trust.ts'

/** A client certificate. */
export interface Identity {
  /** PEM: the certificate, then its intermediates. */
  readonly certFile: string
  /** PEM. */
  readonly keyFile: string
  readonly passphrase?: string | undefined
}

/** Why a client certificate cannot be used, in one line; undefined when it can. */
export function identityProblem({ certFile, keyFile, passphrase }: Identity): string | undefined {
  const cert = readPem(certFile)
  const key = readPem(keyFile)
  if ('problem' in cert) return cert.problem
  if ('problem' in key) return key.problem
  if (!/-----BEGIN CERTIFICATE-----/.test(cert.text)) return `there is no certificate (PEM) in ${certFile}`
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key.text)) return `there is no private key (PEM) in ${keyFile}`
  const opened = openKey(key.text, keyFile, passphrase)
  if ('problem' in opened) return opened.problem
  try {
    const isPair = new X509Certificate(cert.text).checkPrivateKey(opened.key)
    return isPair ? undefined : `the key in ${keyFile} does not belong to the certificate in ${certFile}`
  } catch (error) {
    return `cannot read the certificate in ${certFile}: ${error instanceof Error ? error.message : error}`
  }
}

type Opened = { readonly key: KeyObject } | { readonly problem: string }

function openKey(text: string, file: string, passphrase: string | undefined): Opened {
  try {
    return { key: createPrivateKey(passphrase === undefined ? text : { key: text, passphrase }) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!/ENCRYPTED/.test(text)) return { problem: `cannot read the private key in ${file} (${code})` }
    return {
      problem:
        passphrase === undefined
          ? `the key in ${file} needs a --key-passphrase`
          : `--key-passphrase does not open the key in ${file}`,
    }
  }
}

function readPem(path: string): { readonly text: string } | { readonly problem: string } {
  try {
    return { text: readFileSync(path, 'utf8') }
  } catch (error) {
    return { problem: `cannot read ${path}: ${error instanceof Error ? error.message : error}` }
  }
}

const made = new Map<string, { readonly stamp: string; readonly context: SecureContext }>()

/**
 * A context with the client certificate that also trusts what `caFile` adds. Rebuilt when a file has changed and all files are
 * usable: certificate and key are replaced one after the other.
 */
export function identityContext(identity: Identity, caFile: string | undefined): SecureContext {
  const { certFile, keyFile, passphrase } = identity
  const files = [certFile, keyFile, ...(caFile === undefined ? [] : [caFile])]
  const key = JSON.stringify([files, passphrase])
  const stamp = files.map(stampOf).join()
  const known = made.get(key)
  if (known?.stamp === stamp) return known.context
  const problem = () => identityProblem(identity) ?? (caFile === undefined ? undefined : trustProblem(caFile))
  if (known !== undefined && problem() !== undefined) return known.context
  const context = createSecureContext({
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(passphrase === undefined ? {} : { passphrase }),
  })
  if (caFile !== undefined) addTrusted(context, caFile)
  made.set(key, { stamp, context })
  return context
}
