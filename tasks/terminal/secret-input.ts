import type { ReadStream } from 'node:tty'
import { OperatorError } from '../lib/errors.ts'

export interface SecretQuestion {
  /** Shown on a terminal. */
  readonly prompt: string
  /** Reading stops beyond this many bytes: the value is too long then. */
  readonly mostBytes: number
  readonly signal: AbortSignal
}

/**
 * A secret's value: all of standard input or, on a terminal, one line that is not shown. One line break at the end is
 * not part of it, as `echo` adds one; every other byte is.
 */
export async function readSecret(question: SecretQuestion): Promise<Buffer> {
  question.signal.throwIfAborted()
  const { stdin } = process
  const read = stdin.isTTY ? askHidden(stdin, question) : readAll(stdin, question)
  return withoutLastBreak(await read)
}

async function readAll(stdin: NodeJS.ReadStream, { mostBytes, signal }: SecretQuestion): Promise<Buffer> {
  const stop = () => stdin.destroy(new OperatorError('interrupted', 'interrupted while the value was read'))
  signal.addEventListener('abort', stop, { once: true })
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of stdin) {
      chunks.push(Buffer.from(chunk))
      length += chunk.length
      if (length > mostBytes + 2) break
    }
  } finally {
    signal.removeEventListener('abort', stop)
  }
  return Buffer.concat(chunks)
}

async function askHidden(terminal: ReadStream, { prompt, signal }: SecretQuestion): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let state = nothingTyped
  const onData = (keys: Buffer) => {
    state = typed(state, keys.toString('utf8'))
    if (state.end === 'entered') resolve(state.text)
    // In raw mode the terminal does not turn Ctrl-C into a signal.
    if (state.end === 'interrupted') process.kill(process.pid, 'SIGINT')
  }
  const stop = () => reject(new OperatorError('interrupted', 'interrupted while the value was asked for'))
  signal.addEventListener('abort', stop, { once: true })
  terminal.setRawMode(true)
  process.stderr.write(`${prompt}${bracketedPaste.on}`)
  terminal.on('data', onData)
  try {
    return Buffer.from(await promise)
  } finally {
    signal.removeEventListener('abort', stop)
    terminal.off('data', onData)
    process.stderr.write(`${bracketedPaste.off}\n`)
    terminal.setRawMode(false)
    terminal.pause()
  }
}

/** With it a terminal marks what is pasted, so that a line break in it does not end the value. */
const bracketedPaste = { on: '\u001b[?2004h', off: '\u001b[?2004l' }

export interface Typed {
  readonly text: string
  readonly isPasting: boolean
  /** The start of an escape sequence whose end has not arrived. */
  readonly rest: string
  readonly end?: 'entered' | 'interrupted'
}

export const nothingTyped: Typed = { text: '', isPasting: false, rest: '' }

const esc = '\u001b'
const keyPattern = new RegExp(`${esc}\\[[0-9;?]*[A-Za-z~]|\\r\\n|[\\s\\S]`, 'gu')
const unfinished = new RegExp(`${esc}(\\[[0-9;?]*)?$`)

/** The input after these keys. Keys beyond the end are dropped. */
export function typed(before: Typed, keys: string): Typed {
  const all = before.rest + keys
  const rest = unfinished.exec(all)?.[0] ?? ''
  let now: Typed = { ...before, rest }
  for (const key of all.slice(0, all.length - rest.length).match(keyPattern) ?? []) {
    now = pressed(now, key)
    if (now.end !== undefined) return now
  }
  return now
}

function pressed(now: Typed, key: string): Typed {
  if (key === `${esc}[200~`) return { ...now, isPasting: true }
  if (key === `${esc}[201~`) return { ...now, isPasting: false }
  const isBreak = key === '\r' || key === '\n' || key === '\r\n'
  if (now.isPasting) return { ...now, text: now.text + (isBreak ? '\n' : key) }
  if (isBreak || key === '\u0004') return { ...now, end: 'entered' }
  if (key === '\u0003') return { ...now, end: 'interrupted' }
  if (key === '\u0015') return { ...now, text: '' }
  if (key === '\b' || key === '\u007f') return { ...now, text: [...now.text].slice(0, -1).join('') }
  const isText = key === '\t' || !/^[\p{Cc}]/u.test(key)
  return isText ? { ...now, text: now.text + key } : now
}

function withoutLastBreak(value: Buffer): Buffer {
  const end = value.subarray(-2).toString('latin1')
  return value.subarray(0, value.length - (end === '\r\n' ? 2 : end.endsWith('\n') ? 1 : 0))
}
