import type { ChannelTarget, SmtpServer } from './channel-target.ts'

/** Parses `mail:ADDRESS,ADDRESS?from=ADDRESS` without its scheme; returns a text for a problem. */
export function readMail(text: string): ChannelTarget | string {
  const [, list = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(text) ?? []
  const parameters = readParameters(query, ['from'])
  if (typeof parameters === 'string') return `mail: ${parameters}`
  const to = list.split(',').map((address) => address.trim())
  const wrong = to.find((address) => !isAddress(address))
  return wrong === undefined
    ? { kind: 'mail', to, ...parameters.from }
    : `mail: ${JSON.stringify(wrong)} is not a mail address`
}

/**
 * Parses `smtp://USER:PASSWORD@HOST:PORT?to=ADDRESS&from=ADDRESS`, also smtps; returns a text, without secrets, for a problem.
 */
export function readSmtp(text: string): ChannelTarget | string {
  const scheme = text.slice(0, text.indexOf(':')).toLowerCase()
  if (!URL.canParse(text) || new URL(text).hostname === '') {
    return `${scheme}: expected ${scheme}://USER:PASSWORD@HOST:PORT?to=ADDRESS (special characters as %40)`
  }
  const url = new URL(text)
  const shown = `${scheme}://${url.host}`
  if (url.pathname.length > 1 || url.hash !== '') return `${shown}: a path or fragment is not supported`
  const parameters = readParameters(url.search.slice(1), ['from', 'to'])
  if (typeof parameters === 'string') return `${shown}: ${parameters}`
  if (parameters.to.length === 0) return `${shown}: no recipient, expected ?to=ADDRESS`
  if ((url.username === '') !== (url.password === '')) return `${shown}: a user and a password belong together`
  const isSecure = scheme === 'smtps'
  const hasLogin = url.username !== ''
  const login = decoded(url)
  if (login === undefined) return `${shown}: user or password is not percent-encoded`
  const port = url.port === '' ? (isSecure ? 465 : hasLogin ? 587 : 25) : Number(url.port)
  const server = { host: url.hostname.replace(/^\[|\]$/g, ''), port, isSecure, ...(hasLogin ? { login } : {}) }
  return { kind: 'smtp', to: parameters.to, ...parameters.from, server }
}

function decoded({ username, password }: URL): SmtpServer['login'] | undefined {
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) }
  } catch {
    return undefined
  }
}

function readParameters(query: string, known: readonly string[]) {
  // A plus is literal in an address: ops+check@example.org.
  const parameters = new URLSearchParams(query.replaceAll('+', '%2B'))
  const unknown = [...parameters.keys()].find((name) => !known.includes(name))
  if (unknown !== undefined) return `unknown parameter ${unknown}, expected ${known.join(' or ')}`
  const to = parameters.getAll('to').flatMap((list) => list.split(',').map((address) => address.trim()))
  const [from, second] = parameters.getAll('from')
  if (second !== undefined) return 'from is given twice'
  const wrong = [...to, ...(from === undefined ? [] : [from])].find((address) => !isAddress(address))
  if (wrong !== undefined) return `${JSON.stringify(wrong)} is not a mail address`
  return { to, from: from === undefined ? {} : { from } }
}

function isAddress(text: string): boolean {
  return /^[^\s@,;:<>()[\]"\\]+@[^\s@,;:<>()[\]"\\]+$/.test(text) && text.length <= 254 && !text.startsWith('-')
}
