import { closeSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { OperatorError } from '../lib/errors.ts'
import { patientMs } from './pace-measurement.ts'

/** HAProxy answers within a millisecond, except on a busy computer. */
const quietAnswerMs = 10_000

/** No answer on the runtime API's socket: the load balancer is stopped or hangs. */
export class HaproxyStopped extends OperatorError {}

/** Sends one query to HAProxy's runtime API on a new connection; returns the answer. */
export async function query(socketPath: string, command: string): Promise<string> {
  try {
    return (await exchange(socketPath, command)).trim()
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause
    throw new HaproxyStopped('failed', `load balancer does not answer on ${socketPath}: ${reason(cause)}`, { cause })
  }
}

/**
 * Makes one change, which HAProxy answers with nothing or a message. With severity numbers (syslog's: 3 error, 4
 * warning, 6 information; management manual, 9.3), errors are recognised whatever the text.
 */
export async function change(socketPath: string, command: string): Promise<'done' | { readonly error: string }> {
  const answer = await query(socketPath, `set severity-output number; ${command}`)
  if (answer === '') return 'done'
  const [, severity, text] = /^\[(\d)\]: ?([\s\S]*)$/.exec(answer) ?? []
  const understood = severity !== undefined && !text?.startsWith('Unknown command')
  return understood && Number(severity) > 4 ? 'done' : { error: firstLine(text ?? answer) }
}

/** Like `change`, but throws HAProxy's message on failure. */
export async function mustChange(socketPath: string, command: string): Promise<void> {
  const outcome = await change(socketPath, command)
  if (outcome !== 'done') throw new OperatorError('failed', `load balancer refused "${command}": ${outcome.error}`)
}

/** A socket address holds 107 bytes (unix(7)), so the path is relative to its folder, whose own path may be longer. */
function exchange(socketPath: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const folder = openSync(dirname(socketPath), 'r')
    const socket = connect(join('/proc/self/fd', String(folder), basename(socketPath)))
    socket.on('close', () => closeSync(folder))
    const answerTimeoutMs = patientMs(quietAnswerMs)
    socket.setTimeout(answerTimeoutMs, () => socket.destroy(new Error(`no answer within ${answerTimeoutMs} ms`)))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('end', () => resolve(Buffer.concat(chunks).toString()))
    socket.write(`${command}\n`)
  })
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.trim() ?? ''
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
