import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { checkTargets } from '../check.ts'
import { startService, startSocketService, timeService } from '../fixtures/service.ts'
import { defaultSettings } from '../options/settings.ts'

const timeoutMs = 400
/** Generous: a busy machine may need this much more than the deadline. */
const patienceMs = 5000 * Math.max(1, Number(process.env['BAKEROLL_TEST_SLOW']) || 1)

/** Writes one piece after another, without end. */
function drip(socket: Socket, start: string, piece: string): void {
  socket.write(start)
  const timer = setInterval(() => socket.write(piece), 10)
  socket.on('close', () => clearInterval(timer))
}

const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024))
const head = 'HTTP/1.1 200 OK\r\n'
const late = `GET /now: no complete answer within ${timeoutMs / 1000} s`
const hostile: [string, (socket: Socket) => void, string | RegExp][] = [
  ['never answers', () => {}, late],
  ['drips its body', (socket) => drip(socket, `${head}content-length: 60000\r\n\r\n`, '2'), late],
  ['drips headers forever', (socket) => drip(socket, head, 'a: b\r\n'), late],
  ['sends interim responses forever', (socket) => drip(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n'), late],
  [
    'sends endless headers',
    (socket) => socket.write(head + 'a: b\r\n'.repeat(20_000)),
    'GET /now: the headers of the answer are longer than 16 KiB',
  ],
  [
    'sends an endless body',
    (socket) => socket.write(`${head}\r\n${'2'.repeat(200_000)}`),
    'GET /now: the answer is longer than 64 KiB',
  ],
  [
    'breaks off',
    (socket) => socket.end(`${head}content-length: 100\r\n\r\n2026`),
    /^GET \/now: connection (closed|reset) before the answer was complete$/,
  ],
  [
    'closes at once',
    (socket) => socket.destroy(),
    /^GET \/now: connection (closed|reset) before the answer was complete$/,
  ],
  [
    'sends endless trailers',
    (socket) => socket.write(`${head}transfer-encoding: chunked\r\n\r\n1\r\n2\r\n0\r\n${'a: b\r\n'.repeat(20_000)}`),
    'GET /now: the headers of the answer are longer than 16 KiB',
  ],
  [
    'drips a chunk size forever',
    (socket) => drip(socket, `${head}transfer-encoding: chunked\r\n\r\n`, '0'),
    /GET \/now: /,
  ],
  [
    'sends a compression bomb',
    (socket) => {
      socket.write(`${head}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`)
      socket.write(bomb)
    },
    'GET /now: the answer is longer than 64 KiB',
  ],
  ['does not speak HTTP', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'), /^GET \/now: not HTTP: /],
  [
    'switches the protocol',
    (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    /^GET \/now: /,
  ],
]

for (const [what, talk, reason] of hostile) {
  t.test(`a service that ${what} is critical by the deadline and delays no other`, async (t) => {
    const bad = await startSocketService(t, (socket) => socket.once('data', () => talk(socket)))
    const good = await startService(t, timeService())
    const startMs = performance.now()
    const { targets } = await checkTargets([{ url: bad }, { url: good }], { ...defaultSettings, timeoutMs })
    t.ok(performance.now() - startMs < timeoutMs + patienceMs)
    t.match(targets, [
      { verdict: 'critical', reasons: [reason] },
      { verdict: 'ok', reasons: [] },
    ])
  })
}

t.test('a service that hangs after two samples: reports what was measured', async (t) => {
  let asked = 0
  const url = await startService(t, (request, response) => {
    asked += 1
    if (asked <= 2) timeService()(request, response)
  })
  t.match(await checkTargets([{ url }], { ...defaultSettings, timeoutMs }), {
    verdict: 'critical',
    targets: [{ reasons: [late], status: 200, clock: { samples: 2 } }],
  })
})

t.test('does not follow redirects by default', async (t) => {
  const asked: unknown[] = []
  const url = await startService(t, (request, response) => {
    asked.push(request.url)
    response.writeHead(301, { location: '/elsewhere' }).end()
  })
  const report = await checkTargets([{ url }], defaultSettings)
  t.match(report.targets, [{ reasons: ['GET /now: HTTP 301 to "/elsewhere"; redirects are not followed'] }])
  t.same(asked, ['/now', '/version.txt'])
})

t.test('refuses a compressed response, which it did not request', async (t) => {
  const url = await startService(t, (_, response) => {
    response.setHeader('content-encoding', 'gzip')
    response.end(gzipSync(new Date().toISOString()))
  })
  const report = await checkTargets([{ url }], defaultSettings)
  t.match(report.targets, [{ reasons: ['GET /now: the answer is compressed ("gzip"), which was not asked for'] }])
})

t.test('accepts content-encoding: identity', async (t) => {
  for (const coding of ['Identity', '']) {
    const url = await startService(t, (_, response) => {
      response.setHeader('content-encoding', coding).end(new Date().toISOString())
    })
    t.match((await checkTargets([{ url }], defaultSettings)).verdict, 'ok', coding)
  }
})

t.test('does not decompress a small bomb', async (t) => {
  const small = gzipSync(Buffer.alloc(32 * 1024 * 1024, '2026'))
  const url = await startService(t, (_, response) => response.setHeader('content-encoding', 'gzip').end(small))
  t.ok(small.length < 64 * 1024)
  const before = process.memoryUsage().rss
  const report = await checkTargets([{ url }], defaultSettings)
  t.match(report.targets, [{ verdict: 'critical', reasons: [/^GET \/now: the answer is compressed \("gzip"\)/] }])
  t.ok(process.memoryUsage().rss - before < 24 * 1024 * 1024)
})

t.test('the wrong content is never read as a time, or as zero', async (t) => {
  for (const [body, shown] of [
    ['', 'nothing'],
    ['<html>', '"<html>"'],
    ['NaN', '"NaN"'],
  ]) {
    const url = await startService(t, (_, response) => {
      response.sendDate = false
      response.end(body)
    })
    const { targets } = await checkTargets([{ url }], defaultSettings)
    t.match(targets, [
      { verdict: 'critical', reasons: [`GET /now: expected the time in a known format, got ${shown}`] },
    ])
    t.notOk('clock' in (targets[0] ?? {}))
  }
})

t.test('a Date header gives the clock but does not excuse an unreadable body', async (t) => {
  const url = await startService(t, (_, response) => response.end('<html>'))
  const [target] = (await checkTargets([{ url }], defaultSettings)).targets
  t.equal(target?.verdict, 'critical')
  t.same(target?.reasons, [
    'GET /now: expected the time in a known format, got "<html>"',
    'the clock was read from the Date header, as with --time-format http-date',
  ])
  t.match(target?.clock, { format: 'http-date', samples: 1 })
  // Node updates the header with a timer, so it may lag.
  t.ok(Math.abs(target?.clock?.offsetMs ?? Number.NaN) <= (target?.clock?.errorMs ?? 0) + 50, JSON.stringify(target))
})

t.test('retries once on a new connection when a kept one was just closed', async (t) => {
  let connections = 0
  const url = await startSocketService(t, (socket) => {
    connections += 1
    let asked = 0
    socket.on('data', () => {
      asked += 1
      if (asked > 1) socket.destroy()
      else socket.write(`${head}content-length: 24\r\n\r\n${new Date().toISOString()}`)
    })
  })
  t.match(await checkTargets([{ url }], { ...defaultSettings, samples: 3 }), {
    targets: [{ verdict: 'ok', clock: { samples: 3 } }],
  })
  t.equal(connections, 4)
})
