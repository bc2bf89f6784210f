/** OpenSSL's reasons, by release, for a first byte that is not TLS. */
const notTls = new Set([
  'WRONG_VERSION_NUMBER',
  'PACKET_LENGTH_TOO_LONG',
  'HTTP_REQUEST',
  'HTTPS_PROXY_REQUEST',
  'UNKNOWN_PROTOCOL',
  'RECORD_LAYER_FAILURE',
])

/**
 * Explains Node's code for an OpenSSL error (`ERR_SSL_...`); undefined for other codes. Never OpenSSL's own message: it contains
 * a memory address, a path from Node's build, and a line break.
 */
export function describeTlsCode(code: string): string | undefined {
  const [, name] = /^ERR_(?:OS)?SSL_(.+)$/.exec(code) ?? []
  if (name === undefined) return undefined
  if (notTls.has(name)) return 'no TLS on this port; did you mean http://?'
  const words = (text: string) => text.toLowerCase().replaceAll('_', ' ')
  const [, alert] = /^(?:SSL\/TLS|SSLV3|TLSV1|TLSV13)_ALERT_(.+)$/.exec(name) ?? []
  return alert === undefined ? `TLS failed: ${words(name)}` : `TLS refused by the other side: ${words(alert)}`
}
