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

/** Hands a mail to the system's sendmail, on PATH or in its usual places, which cron's PATH leaves out. */
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

/** Hands a mail to a server. A password is sent in the clear to this computer only. */
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
    // Its own look-up may wait for getaddrinfo in a thread, and so would the end of the process.
    getSocket(_, take) {
      const connection = connect({ host, port, lookup: lookupWithin(longestConnectMs), signal })
      connection.once('error', (error) => take(error))
      connection.once('connect', () => {
        connection.removeAllListeners('error')
        take(null, { connection })
      })
    },
    // The signal ends it earlier; these are for what it leaves behind.
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

/** The mail of a message: one Message-ID for every try, and one thread for each outage. */
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
    // RFC 3834, section 5: nobody's holiday notice shall answer.
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

/** The server's own words may repeat what it was told, so only its code is kept. */
function describeSmtpError(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  const { code, originalCode, responseCode } = error as Error & {
    code?: string
    originalCode?: string
    responseCode?: number
  }
  if (code === 'EAUTH') return 'the server does not take the user and password'
  if (code === 'ETLS' && originalCode === undefined) return 'no TLS with the server, and a password is not sent without'
  if (responseCode !== undefined) return `the server answers ${responseCode}`
  return originalCode === undefined ? describeSystemError(error) : describeSystemCode(originalCode)
}
