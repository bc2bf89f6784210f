import { OperatorError } from '../../../lib/errors.ts'

/** Answers with the address that the request came from (https://checkip.amazonaws.com). */
const checkIp = 'https://checkip.amazonaws.com'

export interface CallerSettings {
  readonly callerCidr: string | undefined
  readonly builderInterface: 'public_ip' | 'private_ip' | 'session_manager'
}

/**
 * The network that may reach the builder over SSH: the setting, else this computer's public address. Session Manager
 * needs none.
 */
export async function callerCidr({ callerCidr, builderInterface }: CallerSettings, ask = checkIp): Promise<string> {
  if (callerCidr !== undefined) return callerCidr
  if (builderInterface === 'session_manager') return '127.0.0.1/32'
  if (builderInterface === 'private_ip') {
    throw new OperatorError('usage', 'aws.callerCidr: needed when the builder is reached at its private address', {
      hint: "BAKEROLL_AWS_CALLER_CIDR=10.0.0.0/16, the network of this computer's VPN",
    })
  }
  const address = await publicAddress(ask)
  return `${address}/32`
}

async function publicAddress(ask: string): Promise<string> {
  const failure = (why: string, cause?: unknown) =>
    new OperatorError('refused', `${ask} did not return the public address of this computer: ${why}`, {
      hint: 'BAKEROLL_AWS_CALLER_CIDR=203.0.113.7/32 sets who may reach the builder',
      cause,
    })
  let text: string
  try {
    const response = await fetch(ask, { signal: AbortSignal.timeout(5000), redirect: 'error' })
    if (!response.ok) throw failure(`HTTP ${response.status}`)
    text = (await response.text()).trim()
  } catch (error) {
    if (error instanceof OperatorError) throw error
    const timedOut = error instanceof Error && error.name === 'TimeoutError'
    throw failure(timedOut ? 'no answer within 5 s' : causeOf(error), error)
  }
  const parts = text.split('.')
  if (parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return text
  throw failure(`it answered ${JSON.stringify(text.slice(0, 60))}`)
}

/** `fetch` puts the reason of a failure in `cause`. */
function causeOf(error: unknown): string {
  const { cause, message } = error as Error
  return cause instanceof Error ? cause.message : message
}
