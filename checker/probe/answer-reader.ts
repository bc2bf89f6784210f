import { type AnswerHead, type Headers, notHttp, readHead } from './answer-head.ts'
import { ProbeError } from './failure.ts'

export interface Message {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** Whether the connection can be reused. */
  readonly staysOpen: boolean
}

/** Parses the bytes of one connection into successive answers (RFC 9112). */
export interface AnswerReader {
  /**
   * Takes the next bytes, without keeping the buffer; returns the answer if they complete it. Throws ProbeError if they are not
   * HTTP or exceed a limit.
   */
  read(bytes: Buffer): Message | undefined
  /** The connection has ended: returns the answer that this completes. Throws ProbeError if it is incomplete. */
  end(): Message
}

/** No answer that a check needs is longer. */
const bodyLimitBytes = 64 * 1024
/** Headers, trailers and chunk sizes together. */
const headLimitBytes = 16 * 1024

/** What comes next; `chunk end` is the line break after a chunk, and trailers follow the last chunk. */
type Phase = 'head' | 'body' | 'chunk size' | 'chunk' | 'chunk end' | 'trailers' | 'done'

const lineFeed = 0x0a
const nothing = Buffer.alloc(0)

export function openAnswerReader(): AnswerReader {
  let phase: Phase = 'head'
  let head: AnswerHead | undefined
  let headText: string | undefined
  /** An incomplete head or line. */
  let rest = nothing
  let pieces: Buffer[] = []
  /** Bytes of the body or chunk still to come. */
  let left = 0
  let bodyBytes = 0
  let headBytes = 0

  /** Consumes what the phase needs from the start of `bytes`; returns how many bytes, 0 when more are needed. */
  function take(bytes: Buffer): number {
    if (phase === 'head') return takeHead(bytes)
    return phase === 'body' || phase === 'chunk' ? takeBody(bytes) : takeLine(bytes)
  }

  function takeHead(bytes: Buffer): number {
    const end = endOfHead(bytes)
    if (end === undefined) {
      const firstEnd = bytes.indexOf(lineFeed)
      // Fail early: something that is not HTTP may never send the end of a head.
      if (firstEnd !== -1) readHead(bytes.toString('latin1', 0, firstEnd))
      return 0
    }
    countHead(end.next)
    const text = bytes.toString('latin1', 0, end.at)
    // A service often repeats the same head within a second.
    if (head === undefined || text !== headText) head = readHead(text)
    headText = text
    const { status, length } = head
    left = length === 'until-end' ? Number.POSITIVE_INFINITY : length === 'chunked' ? 0 : length
    // A 1xx response precedes the final one (RFC 9110, 15.2).
    if (status >= 200) phase = length === 'chunked' ? 'chunk size' : length === 0 ? 'done' : 'body'
    return end.next
  }

  function takeBody(bytes: Buffer): number {
    const piece = bytes.subarray(0, left)
    left -= piece.length
    bodyBytes += piece.length
    if (bodyBytes > bodyLimitBytes) throw new ProbeError('the answer is longer than 64 KiB')
    pieces.push(Buffer.from(piece))
    if (left === 0) phase = phase === 'body' ? 'done' : 'chunk end'
    return piece.length
  }

  function takeLine(bytes: Buffer): number {
    const end = bytes.indexOf(lineFeed)
    if (end === -1) return 0
    countHead(end + 1)
    const line = bytes.toString('latin1', 0, end).replace(/\r$/, '')
    if (phase === 'chunk size') {
      left = readChunkSize(line)
      phase = left === 0 ? 'trailers' : 'chunk'
    } else if (phase === 'chunk end') {
      if (line !== '') throw notHttp(line)
      phase = 'chunk size'
    } else if (line === '') {
      phase = 'done'
    }
    return end + 1
  }

  function countHead(bytes: number): void {
    headBytes += bytes
    if (headBytes > headLimitBytes) throw new ProbeError('the headers of the answer are longer than 16 KiB')
  }

  function finish({ status, headers, staysOpen }: AnswerHead, isAlone: boolean): Message {
    const [first = nothing] = pieces
    const body = (pieces.length > 1 ? Buffer.concat(pieces) : first).toString()
    phase = 'head'
    pieces = []
    bodyBytes = 0
    headBytes = 0
    return { status, headers, body, staysOpen: staysOpen && isAlone }
  }

  return {
    read(bytes) {
      let data = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
      for (let taken = 1; taken > 0 && data.length > 0 && phase !== 'done'; data = data.subarray(taken))
        taken = take(data)
      // Anything after the answer was not requested.
      if (phase === 'done' && head) {
        rest = nothing
        return finish(head, data.length === 0)
      }
      if (headBytes + data.length > headLimitBytes) countHead(data.length)
      rest = data.length === 0 ? nothing : Buffer.from(data)
      return undefined
    },
    end() {
      if (phase !== 'body' || head?.length !== 'until-end') {
        throw new ProbeError('connection closed before the answer was complete')
      }
      return finish(head, true)
    },
  }
}

/** Where the last line of a head ends, and where the body starts after its empty line. */
function endOfHead(bytes: Buffer): { readonly at: number; readonly next: number } | undefined {
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) {
    if (bytes[at + 1] === lineFeed) return { at, next: at + 2 }
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === lineFeed) return { at, next: at + 3 }
  }
  return undefined
}

function readChunkSize(line: string): number {
  const [, size] = /^([\da-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line) ?? []
  if (size === undefined) throw notHttp(line)
  return Number.parseInt(size, 16)
}
