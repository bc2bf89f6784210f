import type { Socket } from 'node:net'
import { type AnswerReader, type Message, openAnswerReader } from './answer-reader.ts'
import type { Deadline } from './deadline.ts'
import { ProbeError } from './failure.ts'
import { type RequestHeaders, requestText } from './request-headers.ts'
import { openSocket, type Trust } from './socket.ts'

/** One answer, whatever its status. Times are `performance.now()` readings. */
export interface Answer extends Message {
  /** After connecting, just before the request was sent. */
  readonly sentMs: number
  /** When the last byte arrived. */
  readonly receivedMs: number
}

/** One connection to a service, kept alive unless every request needs a fresh one; reopened when the service closes it. */
export interface Connection {
  /**
   * Requests one url-encoded path; one request at a time. Does not follow redirects. Throws ProbeError, or what node:net and
   * node:tls throw.
   */
  get(path: string, accept: string): Promise<Answer>
  /** The address that answered; undefined until one did. */
  remoteAddress(): string | undefined
  /** When the first certificate that the service showed expires, even if it was not trusted. */
  certificateEndsMs(): number | undefined
  close(): void
}

interface Exchange {
  readonly text: string
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
  /** A service may close a kept-alive connection just as it is reused; retrying then is no second chance. */
  mayRetry: boolean
  sentMs: number
}

/**
 * Prepares a connection; sends nothing yet. Does not use node:http: with a thousand targets its processing time alone exceeds the
 * budget of a whole request (benchmarks/checker.ts).
 */
export function openConnection(
  url: URL,
  addresses: readonly string[],
  deadline: Deadline,
  trust: Trust & { readonly headers?: RequestHeaders } = {},
  isFreshEachTime = false,
): Connection {
  const { host } = url
  const [address, ...others] = addresses
  let open: { readonly socket: Socket; readonly reader: AnswerReader } | undefined
  let exchange: Exchange | undefined
  let certificateEndsMs: number | undefined
  let remoteAddress: string | undefined
  let last: { readonly path: string; readonly accept: string; readonly text: string } | undefined

  function connect(): void {
    const reader = openAnswerReader()
    const isCurrent = () => open?.socket === socket
    const socket = openSocket(url, addresses, trust, deadline.endMs - performance.now(), {
      shown(endsMs) {
        certificateEndsMs = Math.min(endsMs, certificateEndsMs ?? endsMs)
      },
      ready() {
        // `remoteAddress` takes a system call.
        remoteAddress = others.length > 0 ? socket.remoteAddress : address
        if (isCurrent()) send(socket)
      },
      received(bytes) {
        if (isCurrent()) settle(() => reader.read(bytes))
      },
      closed(error) {
        if (isCurrent()) closed(error, reader)
      },
    })
    open = { socket, reader }
  }

  /** The time path is requested repeatedly. */
  function textOf(path: string, accept: string): string {
    if (last?.path !== path || last.accept !== accept)
      last = { path, accept, text: requestText(path, host, accept, trust.headers) }
    return last.text
  }

  function send(socket: Socket): void {
    if (exchange === undefined) return
    exchange.sentMs = performance.now()
    socket.write(exchange.text, 'latin1')
  }

  function settle(read: () => Message | undefined): void {
    const receivedMs = performance.now()
    if (exchange === undefined) {
      // Nothing was requested.
      hangUp()
      return
    }
    exchange.mayRetry = false
    try {
      const message = read()
      if (message === undefined) return
      const { resolve, sentMs } = exchange
      exchange = undefined
      if (!message.staysOpen) hangUp()
      resolve({ ...message, sentMs, receivedMs })
    } catch (error) {
      fail(error as Error)
    }
  }

  function closed(error: Error | undefined, reader: AnswerReader): void {
    open = undefined
    if (exchange === undefined) return
    if (exchange.mayRetry) {
      exchange.mayRetry = false
      connect()
    } else if (error !== undefined) {
      fail(error)
    } else {
      settle(() => reader.end())
    }
  }

  function fail(error: Error): void {
    hangUp()
    const { reject } = exchange ?? {}
    exchange = undefined
    reject?.(error)
  }

  function hangUp(): void {
    const { socket } = open ?? {}
    open = undefined
    socket?.destroy()
  }

  const forget = deadline.whenOver(() => fail(new ProbeError('no complete answer in time')))
  return {
    get: (path, accept) =>
      new Promise((resolve, reject) => {
        if (isFreshEachTime) hangUp()
        exchange = { text: textOf(path, accept), resolve, reject, mayRetry: open !== undefined, sentMs: 0 }
        if (deadline.isOver) fail(new ProbeError('no complete answer in time'))
        else if (open === undefined) connect()
        else send(open.socket)
      }),
    remoteAddress: () => remoteAddress,
    certificateEndsMs: () => certificateEndsMs,
    close() {
      forget()
      hangUp()
    },
  }
}
