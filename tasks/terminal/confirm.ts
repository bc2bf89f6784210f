import { printable } from '../../checker/formatters/printable.ts'
import { OperatorError } from '../lib/errors.ts'

export interface Asking {
  readonly yes: boolean
  /** Whether stdin and stderr are both a terminal. */
  readonly isInteractive: boolean
  /** The same command with `--yes`. */
  readonly command: string
  readonly signal: AbortSignal
  /** Clears the live lines until the returned function is called. */
  suspend(): () => void
}

/** Asks on stderr; the default is no. Throws `refused` unless the answer is yes. */
export async function confirm(
  question: string,
  { yes, isInteractive, command, signal, suspend }: Asking,
): Promise<void> {
  if (yes) return
  if (!isInteractive) {
    throw new OperatorError('refused', `not confirmed, there is no terminal to ask on: ${question}`, { hint: command })
  }
  const resume = suspend()
  const answer = await ask(`${printable(question)} [y/N] `, signal).finally(resume)
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new OperatorError('refused', `not confirmed: ${question}`, { hint: command })
}

async function ask(text: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import('node:readline')
  // Not in terminal mode: the terminal itself then turns Ctrl-C into a signal, as everywhere else in bakeroll.
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  reader.once('close', () => resolve(''))
  reader.question(text, resolve)
  return promise.finally(() => {
    signal.removeEventListener('abort', stop)
    reader.close()
  })
}
