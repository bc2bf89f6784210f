import fc from 'fast-check'
import t from 'tap'
import { startSocketService } from '../fixtures/service.ts'
import { type Message, openAnswerReader } from './answer-reader.ts'
import { ProbeError } from './failure.ts'

/** The message read from pieces that arrive one after the other, each in the same buffer. */
function readAll(pieces: readonly string[]): Message {
  const reader = openAnswerReader()
  const buffer = Buffer.alloc(64 * 1024)
  let message: Message | undefined
  for (const piece of pieces) {
    const length = buffer.write(piece, 'latin1')
    message = reader.read(buffer.subarray(0, length)) ?? message
    buffer.fill('?')
  }
  return message ?? reader.end()
}

const whole: [string, string, Partial<Message>][] = [
  ['a length', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n\xe2\x82\xac', { body: '€', staysOpen: true }],
  [
    'chunks, and trailers',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;a=b\r\n12\r\n1\r\n3\r\n0\r\nx: y\r\n\r\n',
    { body: '123', staysOpen: true },
  ],
  ['no length, up to the end of the connection', 'HTTP/1.1 200 OK\r\n\r\n12', { body: '12', staysOpen: false }],
  [
    'a status without a body',
    'HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n',
    { status: 204, body: '', staysOpen: true },
  ],
  [
    'interim responses',
    'HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n',
    { status: 404 },
  ],
  [
    'the first of several headers',
    'HTTP/1.1 301 Moved\r\nLocation: /\xe9\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n',
    { headers: { location: '/é', 'content-length': '0' } },
  ],
  [
    'folded headers',
    'HTTP/1.1 200 OK\r\na: one \r\n  two\n\tthree\r\ncontent-length:\r\n 1\r\n\r\n1',
    { headers: { a: 'one  two three', 'content-length': '1' }, body: '1' },
  ],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n1', { body: '1', staysOpen: false }],
  [
    'a connection that closes',
    'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\n1',
    { staysOpen: false },
  ],
  ['bare line feeds', 'HTTP/1.1 200 OK\ncontent-length: 1\n\n1', { body: '1' }],
]

for (const [what, bytes, expected] of whole) {
  t.test(`reads a response with ${what}, however it is split`, async (t) => {
    const { headers, ...rest } = readAll([bytes])
    t.match({ ...rest, headers: { ...headers } }, expected)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
        const pieces = places.slice(1).map((end, index) => bytes.slice(places[index], end))
        const { headers: inPieces, ...others } = readAll(pieces)
        return JSON.stringify([others, inPieces]) === JSON.stringify([rest, headers])
      }),
    )
  })
}

const bad: [string, string, RegExp][] = [
  ['a negative length', 'HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n12345', /^not HTTP: content-length "-5"$/],
  ['an invalid length', 'HTTP/1.1 200 OK\r\ncontent-length: abc\r\n\r\n', /^not HTTP: content-length "abc"$/],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12', /^not HTTP: /],
  ['an unknown encoding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n', /^not HTTP: transfer-encoding "gzip"$/],
  ['a negative chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-5\r\n12345\r\n', /^not HTTP: /],
  ['a change of protocol', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n', /^not HTTP: HTTP 101/],
  ['an invalid chunk size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', /^not HTTP: "zz"$/],
  [
    'more bytes than its chunk size',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n12\r\n',
    /^not HTTP: "2"$/,
  ],
  ['a fold before the first header', 'HTTP/1.1 200 OK\r\n c\r\n\r\n', /^not HTTP: "HTTP\/1.1 200 OK\\r\\n c"$/],
  ['a folded length', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n 2\r\n\r\n1', /^not HTTP: content-length "1 2"$/],
  ['a folded name', 'HTTP/1.1 200 OK\r\na\r\n : b\r\n\r\n', /^not HTTP: "a\\r\\n : b"$/],
  ["another protocol's greeting", 'SSH-2.0-OpenSSH_9.2\r\n', /^not HTTP: "SSH-2.0-OpenSSH_9.2"$/],
  ['a truncated body', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n12', /^connection closed/],
  ['too long a line', `HTTP/1.1 200 OK\r\na: ${'1'.repeat(20_000)}`, /headers of the answer are longer than 16 KiB$/],
  ['nothing', '', /^connection closed before/],
]

for (const [what, bytes, expected] of bad) {
  t.test(`refuses a response with ${what}`, async (t) => {
    t.throws(() => readAll([bytes]), { message: expected })
  })
}

t.test("Node's own client reads the same", async (t) => {
  for (const [what, bytes, { status: expected }] of whole) {
    // Node refuses these two.
    if (['bare line feeds', 'folded headers'].includes(what)) continue
    const url = await startSocketService(t, (socket) => socket.once('data', () => socket.end(bytes, 'latin1')))
    const { status, body } = readAll([bytes])
    const answer = await fetch(url, { redirect: 'manual' })
    t.same([status, body], [answer.status, await answer.text()], what)
    t.equal(status, expected ?? status)
  }
})

t.test('any bytes are a response, an incomplete one, or refused', async (t) => {
  const answers = [...whole, ...bad].map(([, bytes]) => bytes)
  const change = fc.record({
    at: fc.nat(400),
    remove: fc.nat(4),
    insert: fc.string({ unit: fc.constantFrom(...'0123-;: \r\nabcHTP/') }),
  })
  let refused = 0
  fc.assert(
    fc.property(fc.constantFrom(...answers), fc.array(change, { maxLength: 6 }), (bytes, changes) => {
      const changed = changes.reduce((text, { at, remove, insert }) => {
        const place = at % (text.length + 1)
        return text.slice(0, place) + insert + text.slice(place + remove)
      }, bytes)
      try {
        const { status, body } = readAll([changed])
        return status >= 200 && body.length <= 64 * 1024
      } catch (error) {
        refused += 1
        return error instanceof ProbeError
      }
    }),
    { numRuns: 5000 },
  )
  t.ok(refused > 100 && refused < 4900, `${refused} refused`)
})

t.test('does not take unsolicited bytes for the next response', (t) => {
  const reader = openAnswerReader()
  const answer = (body: string) => `HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n${body}`
  t.match(reader.read(Buffer.from(answer('1') + answer('2'))), { body: '1' })
  t.match(reader.read(Buffer.from(answer('3'))), { body: '3' })
  t.end()
})
