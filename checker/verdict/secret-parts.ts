import type { RequestHeaders } from '../probe/request-headers.ts'

/** Headers that hold no secrets. */
const harmless = new Set(['host', 'user-agent', 'accept', 'accept-language', 'cache-control'])
/** Anything shorter would match by chance. */
const shortest = 4
/** So few digits occur in any measurement. */
const anyNumber = /^\d{1,5}$/

/**
 * The secrets in request headers that a service might echo: whole values, the credentials after a scheme, the user and password
 * inside Basic, each cookie and parameter, and the parts of a token; verbatim and percent-decoded.
 */
export function secretParts(headers: RequestHeaders): string[] {
  const all = [...headers].flatMap(([name, { value }]) =>
    harmless.has(name) || name.startsWith('x-forwarded-') ? [] : [value, ...credentialsIn(value), ...piecesOf(value)],
  )
  const decoded = all.flatMap((part) => [part, percentDecoded(part)])
  return [...new Set(decoded)].filter((part) => part.length >= shortest && !anyNumber.test(part))
}

/** What follows a scheme (RFC 9110, 11.4; RFC 7617 for Basic). */
function credentialsIn(value: string): string[] {
  const [, scheme = '', credentials] = /^([\w-]+) +(.+)$/.exec(value) ?? []
  if (credentials === undefined) return []
  if (scheme.toLowerCase() !== 'basic') return [credentials]
  const pair = Buffer.from(credentials, 'base64').toString()
  return [credentials, pair, pair.slice(pair.indexOf(':') + 1)]
}

/** Cookies (RFC 6265, 4.2) and parameters, with and without their names, and the dot-separated parts of a token (RFC 7519, 3). */
function piecesOf(value: string): string[] {
  return value.split(/[\s,;]+/).flatMap((piece) => {
    const bare = unquoted(piece.slice(piece.indexOf('=') + 1))
    // A bare word, such as the scheme, is not secret.
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
