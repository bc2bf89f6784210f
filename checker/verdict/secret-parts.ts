import type { RequestHeaders } from '../probe/request-headers.ts'

/** What everybody may know of a request. */
const harmless = new Set(['host', 'user-agent', 'accept', 'accept-language', 'cache-control'])
/** What is shorter would be found by chance. */
const shortest = 4
/** So few digits are found in any measurement. */
const anyNumber = /^\d{1,5}$/

/**
 * What a service might repeat of the headers that it was told: whole values, and what they are made of. The credentials behind a scheme, the
 * user and password that Basic encodes, each cookie and parameter, the parts of a token; as they stand and percent-decoded.
 */
export function secretParts(headers: RequestHeaders): string[] {
  const all = [...headers].flatMap(([name, { value }]) =>
    harmless.has(name) || name.startsWith('x-forwarded-') ? [] : [value, ...credentialsIn(value), ...piecesOf(value)],
  )
  const decoded = all.flatMap((part) => [part, percentDecoded(part)])
  return [...new Set(decoded)].filter((part) => part.length >= shortest && !anyNumber.test(part))
}

/** Behind a scheme (RFC 9110, 11.4; RFC 7617 for Basic). */
function credentialsIn(value: string): string[] {
  const [, scheme = '', credentials] = /^([\w-]+) +(.+)$/.exec(value) ?? []
  if (credentials === undefined) return []
  if (scheme.toLowerCase() !== 'basic') return [credentials]
  const pair = Buffer.from(credentials, 'base64').toString()
  return [credentials, pair, pair.slice(pair.indexOf(':') + 1)]
}

/** Cookies (RFC 6265, 4.2) and parameters, with their names and without, and what dots hold together in a token (RFC 7519, 3). */
function piecesOf(value: string): string[] {
  return value.split(/[\s,;]+/).flatMap((piece) => {
    const bare = unquoted(piece.slice(piece.indexOf('=') + 1))
    // A word of its own, such as the scheme, is no secret.
    const whole = piece.includes('=') ? [piece, bare] : []
    return [...whole, ...bare.split('.').filter((part) => bare.includes('.') && part.length >= 2 * shortest)]
  })
}

function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/s, '$1')
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
