import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { addTrusted } from './trust.ts'

/** The certificate that a check shows where a service asks for one. */
export interface Identity {
  /** PEM: the certificate, then those between it and its authority. */
  readonly certFile: string
  /** PEM. */
  readonly keyFile: string
  readonly passphrase?: string | undefined
}

/** Says why a certificate cannot be shown, one line; undefined when it can. */
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
    return isPair ? undefined : `the key in ${keyFile} is not that of the certificate in ${certFile}`
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

const made = new Map<string, SecureContext>()

/** What a connection needs to show a certificate, and to trust what `caFile` adds; made anew when a file is another. */
export function identityContext(
  { certFile, keyFile, passphrase }: Identity,
  caFile: string | undefined,
): SecureContext {
  const files = [certFile, keyFile, ...(caFile === undefined ? [] : [caFile])]
  const key = JSON.stringify([files, passphrase, files.map((file) => statSync(file).mtimeMs)])
  const known = made.get(key)
  if (known !== undefined) return known
  const context = createSecureContext({
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(passphrase === undefined ? {} : { passphrase }),
  })
  // Those of files that are no longer as they were are needed by nobody.
  if (made.size >= 100) made.clear()
  if (caFile !== undefined) addTrusted(context, caFile)
  made.set(key, context)
  return context
}
