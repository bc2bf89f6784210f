import { HTTPParser } from 'http-parser-js'
import { ProbeError } from './failure.ts'

/** One complete answer. */
export interface Message {
  readonly status: number
  /** By their names in lower case; of several with one name the first. */
  readonly headers: Headers
  readonly body: string
  /** Whether the connection may be used again. */
  readonly staysOpen: boolean
}

/** The headers of an answer by their names in lower case. */
export type Headers = Readonly<Record<string, string | undefined>>

/** Makes answers of the bytes of one connection (RFC 9112). */
export interface AnswerReader {
  /**
   * Takes the bytes that came next, and keeps none of the buffer; returns the answer when they complete it. Throws ProbeError
   * when they are no HTTP, or more than an answer may have.
   */
  read(bytes: Buffer): Message | undefined
  /** Nothing more will come: returns the answer that ends so. Throws ProbeError when it was broken off. */
  end(): Message | undefined
}

// The parser reads headers as ASCII otherwise, and makes other letters of what is none.
HTTPParser.encoding = 'latin1'

/** No answer that a check asks for is longer. */
const bodyLimitBytes = 64 * 1024
/** Headers, trailers and the sizes of chunks. */
const headLimitBytes = 16 * 1024

/** Begins to read the answers of a connection. */
export function openAnswerReader(): AnswerReader {
  const parser = new HTTPParser(HTTPParser.RESPONSE)
  let status = 0
  let headers: Headers = {}
  let staysOpen = false
  let pieces: Buffer[] = []
  let bodyBytes = 0
  let headBytes = 0
  let complete: Message | undefined

  parser[HTTPParser.kOnHeadersComplete] = (info) => {
    status = info.statusCode
    headers = readHeaders(info.headers)
    staysOpen = info.shouldKeepAlive
    const problem = framingProblem(status, headers)
    if (problem !== undefined) throw new ProbeError(`not HTTP: ${problem}`)
    return status === 204 || status === 304 ? 1 : 0
  }
  parser[HTTPParser.kOnBody] = (chunk, offset, length) => {
    // The parser would go back by as much, and read the same for ever.
    if (length < 0) throw new ProbeError('not HTTP: a chunk of negative size')
    bodyBytes += length
    if (bodyBytes > bodyLimitBytes) throw new ProbeError('the answer is longer than 64 KiB')
    pieces.push(Buffer.from(chunk.subarray(offset, offset + length)))
  }
  parser[HTTPParser.kOnMessageComplete] = () => {
    // Whatever announces the answer (RFC 9110, 15.2) is not the answer, and nobody asked for a second one.
    if (status >= 200) complete ??= { status, headers, staysOpen, body: joined(pieces) }
  }

  function take(): Message | undefined {
    const message = complete
    if (message === undefined) return undefined
    complete = undefined
    pieces = []
    bodyBytes = 0
    headBytes = 0
    return message
  }

  return {
    read(bytes) {
      const before = bodyBytes
      const result = parser.execute(bytes)
      headBytes += bytes.length - (bodyBytes - before)
      if (complete === undefined && headBytes > headLimitBytes) {
        throw new ProbeError('the headers of the answer are longer than 16 KiB')
      }
      if (result instanceof Error && complete === undefined) {
        throw new ProbeError(`not HTTP: ${JSON.stringify(bytes.toString('latin1', 0, 60))}`)
      }
      return take()
    },
    end() {
      if (parser.finish() instanceof Error) throw brokenOff()
      return take()
    },
  }
}

/** The connection was closed in the middle of an answer, or instead of one. */
export function brokenOff(): ProbeError {
  return new ProbeError('connection closed before the answer was complete')
}

function joined(pieces: readonly Buffer[]): string {
  const [first] = pieces
  return (first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces)).toString()
}

function readHeaders(list: readonly string[]): Headers {
  const headers: Record<string, string> = Object.create(null)
  for (let at = 0; at < list.length; at += 2) headers[(list[at] as string).toLowerCase()] ??= list[at + 1] as string
  return headers
}

/** What leaves open where the body ends (RFC 9112, 6); the parser takes it for some number, or for none. */
function framingProblem(status: number, headers: Headers): string | undefined {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  if (status === 101) return 'HTTP 101, a change of the protocol, which was not asked for'
  if (length !== undefined && !/^\d+$/.test(length)) return `content-length ${JSON.stringify(length)}`
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    return `transfer-encoding ${JSON.stringify(encoding)}`
  }
  return undefined
}
