import { type AnswerHead, type Headers, notHttp, readHead } from './answer-head.ts'
import { ProbeError } from './failure.ts'

/** One complete answer. */
export interface Message {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** Whether the connection may be used again. */
  readonly staysOpen: boolean
}

/** Makes answers of the bytes of one connection (RFC 9112), one after the other. */
export interface AnswerReader {
  /**
   * Takes the bytes that came next, and keeps none of the buffer; returns the answer when they complete it. Throws ProbeError
   * when they are no HTTP, or more than an answer may have.
   */
  read(bytes: Buffer): Message | undefined
  /** Nothing more will come: returns the answer that ends so. Throws ProbeError when it was broken off. */
  end(): Message
}

/** No answer that a check asks for is longer. */
const bodyLimitBytes = 64 * 1024
/** Headers, trailers and the sizes of chunks. */
const headLimitBytes = 16 * 1024

/** What comes next; after a chunk's bytes a line break, after the last chunk trailers. */
type Phase = 'head' | 'body' | 'chunk size' | 'chunk' | 'chunk end' | 'trailers' | 'done'

const lineFeed = 0x0a
const nothing = Buffer.alloc(0)

/** Begins to read the answers of a connection. */
export function openAnswerReader(): AnswerReader {
  let phase: Phase = 'head'
  let head: AnswerHead | undefined
  let headText: string | undefined
  /** The beginning of a head or a line whose end has not come. */
  let rest = nothing
  let pieces: Buffer[] = []
  /** Bytes of the body, or of the chunk, that are still to come. */
  let left = 0
  let bodyBytes = 0
  let headBytes = 0

  /** Takes what the phase wants from the start of some bytes; returns how many that were, 0 when more must come first. */
  function take(bytes: Buffer): number {
    if (phase === 'head') return takeHead(bytes)
    return phase === 'body' || phase === 'chunk' ? takeBody(bytes) : takeLine(bytes)
  }

  function takeHead(bytes: Buffer): number {
    const end = endOfHead(bytes)
    if (end === undefined) {
      const firstEnd = bytes.indexOf(lineFeed)
      // Who does not begin as HTTP does may never come to the end of a head.
      if (firstEnd !== -1) readHead(bytes.toString('latin1', 0, firstEnd))
      return 0
    }
    countHead(end.next)
    const text = bytes.toString('latin1', 0, end.at)
    // One service says the same again and again, within a second.
    if (head === undefined || text !== headText) head = readHead(text)
    headText = text
    const { status, length } = head
    left = length === 'until-end' ? Number.POSITIVE_INFINITY : length === 'chunked' ? 0 : length
    // What announces the answer is not the answer (RFC 9110, 15.2).
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
      // Nobody asked for what comes after the answer.
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

/** Where the last line of a head ends, and where what follows its empty line begins. */
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
