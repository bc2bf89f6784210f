import type { Socket } from 'node:net'
import { type AnswerReader, type Message, openAnswerReader } from './answer-reader.ts'
import type { Deadline } from './deadline.ts'
import { ProbeError } from './failure.ts'
import { type RequestHeaders, requestText } from './request-headers.ts'
import { openSocket, type Trust } from './socket.ts'

/** One answer, whatever its status. Moments are readings of `performance.now()`. */
export interface Answer extends Message {
  /** When the connection stood and the request was about to leave. */
  readonly sentMs: number
  /** When the last byte of the answer was there. */
  readonly receivedMs: number
}

/** One connection to a service, kept alive unless it is to be fresh each time; opened again when the service closes it. */
export interface Connection {
  /**
   * Asks for one path, as a URL has it, and waits for the answer; one at a time. Throws what Node's net and tls throw, or
   * ProbeError; redirects are not followed.
   */
  get(path: string, accept: string): Promise<Answer>
  /** The address that answered, once one did. */
  remoteAddress(): string | undefined
  /** When the first ends of the certificates that the service showed, also when it was not trusted. */
  certificateEndsMs(): number | undefined
  close(): void
}

/** A request under way. */
interface Exchange {
  readonly text: string
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
  /** The service may close a kept connection at the very moment it is used again; asking anew is no second chance then. */
  mayAskAnew: boolean
  sentMs: number
}

/**
 * Prepares the connection; nothing is sent yet. Not with Node's own client, because its work for a request takes longer than
 * the whole of a request may, when a thousand services are checked (benchmarks/checker.ts).
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
        // Asking which one it was takes a system call.
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

  /** The time is asked for again and again. */
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
      // Nobody asked for it.
      hangUp()
      return
    }
    exchange.mayAskAnew = false
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
    if (exchange.mayAskAnew) {
      exchange.mayAskAnew = false
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
        exchange = { text: textOf(path, accept), resolve, reject, mayAskAnew: open !== undefined, sentMs: 0 }
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
