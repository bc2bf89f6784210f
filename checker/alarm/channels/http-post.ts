import { send } from '../http-request.ts'
import { DeliveryError, describeSystemError } from './delivery-error.ts'

/** Posts a body; any status but 2xx is a failure. Does not follow redirects, which could send secrets elsewhere. */
export async function post(
  address: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const url = new URL(address)
  const { username, password } = url
  url.username = ''
  url.password = ''
  const login = username === '' ? {} : { authorization: `Basic ${basic(username, password)}` }
  const request = { method: 'POST', body, headers: { ...headers, ...login } } as const
  const { status, headers: answered } = await send(url, request, signal).catch((error: unknown) => {
    throw new DeliveryError(describeSystemError(error), { cause: error })
  })
  if (status >= 200 && status < 300) return
  if (status >= 300 && status < 400)
    throw new DeliveryError(`status ${status}: redirects are not followed`, { isRefusal: true })
  const isRefusal = status >= 400 && status < 500 && ![401, 403, 404, 408, 429].includes(status)
  throw new DeliveryError(`status ${status}`, {
    isRefusal,
    retryAfterMs: retryAfterMs(answered['retry-after']),
  })
}

function basic(user: string, password: string): string {
  return Buffer.from(`${decode(user)}:${decode(password)}`).toString('base64')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Seconds only: the date form depends on the receiver's clock (RFC 9110, 10.2.3). */
function retryAfterMs(header = ''): number {
  return /^\d{1,6}$/.test(header) ? Number(header) * 1000 : 0
}
