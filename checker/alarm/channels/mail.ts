import { connect } from 'node:net'
import { hostname } from 'node:os'
import type { SendMailOptions } from 'nodemailer'
import { lookupWithin } from '../../names/node-lookup.ts'
import { type Message, messageText, messageTitle } from '../notice-text.ts'
import { isLoopback, type SmtpServer } from './channel-target.ts'
import { DeliveryError, describeSystemCode, describeSystemError } from './delivery-error.ts'

const longestConnectMs = 30_000

interface Envelope {
  readonly to: readonly string[]
  readonly from?: string
}

/** Sends by the system's sendmail, on PATH or in its usual folders, which cron's PATH lacks. */
export async function sendBySendmail(envelope: Envelope, message: Message, signal: AbortSignal): Promise<void> {
  const [{ createTransport }, { runProgram }] = await Promise.all([import('nodemailer'), import('./command.ts')])
  const composed = await createTransport({ streamTransport: true, buffer: true, newline: 'unix' }).sendMail(
    mailOf(envelope, message),
  )
  const path = [process.env['PATH'], '/usr/sbin', '/usr/lib']
    .filter((part) => part !== undefined && part !== '')
    .join(':')
  const environment = { ...process.env, PATH: path }
  await runProgram('sendmail', ['-t', '-i'], { input: String(composed.message), environment, signal })
}

/** Sends by an SMTP server. Sends a password unencrypted only to this computer. */
export async function sendBySmtp(
  envelope: Envelope,
  server: SmtpServer,
  message: Message,
  signal: AbortSignal,
): Promise<void> {
  const { createTransport } = await import('nodemailer')
  const { host, port, isSecure, login } = server
  const transport = createTransport({
    host,
    port,
    secure: isSecure,
    requireTLS: login !== undefined && !isSecure && !isLoopback(host),
    ...(login === undefined ? {} : { auth: { user: login.user, pass: login.password } }),
    // nodemailer's own look-up may wait for getaddrinfo in a thread, and delay the end of the process.
    getSocket(_, take) {
      const connection = connect({ host, port, lookup: lookupWithin(longestConnectMs), signal })
      connection.once('error', (error) => take(error))
      connection.once('connect', () => {
        connection.removeAllListeners('error')
        take(null, { connection })
      })
    },
    // The signal ends it earlier; these clean up what remains.
    connectionTimeout: longestConnectMs,
    greetingTimeout: 30_000,
    socketTimeout: 30_000,
  })
  try {
    await Promise.race([transport.sendMail(mailOf(envelope, message)), whenAborted(signal)])
  } catch (error) {
    throw error instanceof DeliveryError ? error : new DeliveryError(describeSmtpError(error), { cause: error })
  } finally {
    transport.close()
  }
}

/** One Message-ID for all attempts, and one thread per outage. */
export function mailOf({ to, from = `bakeroll@${hostname()}` }: Envelope, message: Message): SendMailOptions {
  const domain = from.slice(from.lastIndexOf('@') + 1)
  const [first, ...others] = message.notices
  return {
    from,
    to: [...to],
    subject: messageTitle(message).slice(0, 200),
    text: `${messageText(message)}\n`,
    messageId: `<${message.key}@${domain}>`,
    ...(first === undefined || others.length > 0 ? {} : { references: `<${first.outage}@${domain}>` }),
    date: first === undefined ? new Date() : new Date(first.at),
    // RFC 3834, section 5: prevents automatic replies.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new DeliveryError('no answer in time'))
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
}

/** The server's text may repeat what we sent, so only its code is kept. */
function describeSmtpError(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  const { code, originalCode, responseCode } = error as Error & {
    code?: string
    originalCode?: string
    responseCode?: number
  }
  if (code === 'EAUTH') return 'the server rejects the user and password'
  if (code === 'ETLS' && originalCode === undefined)
    return 'no TLS with the server, and the password is not sent without it'
  if (responseCode !== undefined) return `the server answers ${responseCode}`
  return originalCode === undefined ? describeSystemError(error) : describeSystemCode(originalCode)
}
