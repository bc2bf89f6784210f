import http from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { checkTargets } from '../check.ts'
import { freeUrl, startService, startSocketService, timeService } from '../fixtures/service.ts'
import { type CheckSettings, defaultSettings } from '../options/settings.ts'
import type { TargetReport } from '../verdict/report.ts'

async function check(url: string, settings: Partial<CheckSettings>): Promise<TargetReport> {
  const { targets } = await checkTargets([{ url }], { ...defaultSettings, samples: 3, ...settings })
  return targets[0] as TargetReport
}

/** A service that redirects every request; records their paths. */
async function startRedirect(t: Test, to: (path: string) => string, status = 302) {
  const asked: string[] = []
  const url = await startService(t, (request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(status, { location: to(request.url ?? '') }).end()
  })
  return { url, asked }
}

t.test('follows redirects up to the limit, names each, and finds the route once', async (t) => {
  const service = await startService(t, timeService())
  const second = await startRedirect(t, (path) => `${service}${path}`, 308)
  const first = await startRedirect(t, (path) => `${second.url}${path}`)
  const hops = (path: string) => [`${second.url}${path}`, `${service}${path}`]
  t.match(await check(first.url, { followRedirects: 2 }), {
    verdict: 'ok',
    status: 200,
    redirects: hops('/now'),
    clock: { samples: 3 },
    version: { found: '1.4.0' },
    reasons: [`redirected to ${hops('/now').join(', then to ')}`],
  })
  t.same(first.asked, ['/now', '/version.txt'])
  t.match(await check(first.url, { followRedirects: 1 }), {
    verdict: 'critical',
    reasons: [`GET /now: HTTP 308 to "${service}/now"; more redirects than 1`, `redirected to ${second.url}/now`],
  })
})

t.test('a redirect within the service stays on its connection', async (t) => {
  const sockets = new Set<unknown>()
  const url = await startService(t, (request, response) => {
    sockets.add(request.socket)
    if (request.url === '/now') response.writeHead(301, { location: '/clock?zone=utc#now' }).end()
    else response.end(request.url === '/clock?zone=utc' ? new Date().toISOString() : '1.4.0')
  })
  t.match(await check(url, { followRedirects: 1 }), { verdict: 'ok', redirects: [`${url}/clock?zone=utc`] })
  t.equal(sockets.size, 1)
})

t.test('a loop, a dead end and an invalid URL are critical', async (t) => {
  const loop = await startRedirect(t, (path) => path)
  t.match(
    (await check(loop.url, { followRedirects: 5 })).reasons[0],
    /^GET \/now: HTTP 302 to .*; more redirects than 5$/,
  )
  t.equal(loop.asked.filter((path) => path === '/now').length, 6)
  const nowhere = await freeUrl()
  const dead = await startRedirect(t, () => nowhere)
  t.match((await check(dead.url, { followRedirects: 1 })).reasons[0], /redirected to http.*: connection refused$/)
  for (const [location, reason] of [
    ['http://', 'HTTP 302 to "http://", which is no url'],
    ['ftp://a.example/now', 'HTTP 302 to "ftp://a.example/now", which is neither http nor https'],
    ['http://me:secret@a.example/', 'HTTP 302 to a url of a.example with a user or password is not followed'],
  ] as const) {
    const odd = await startRedirect(t, () => location)
    const report = await check(odd.url, { followRedirects: 1 })
    t.match(report, { verdict: 'critical', reasons: [`GET /now: ${reason}`] })
  }
})

t.test('accepts the expected status and no other', async (t) => {
  const url = await startService(t, (_, response) => response.writeHead(203).end(new Date().toISOString()))
  t.match(await check(url, { expectStatus: 203 }), { verdict: 'ok', status: 203 })
  t.match(await check(url, {}), { verdict: 'critical', reasons: ['GET /now: HTTP 203'] })
  t.match(await check(url, { expectStatus: 206 }), { reasons: ['GET /now: HTTP 203, expected 206'] })
})

t.test('the body must match --body-match, and the clock is judged either way', async (t) => {
  const url = await startService(t, timeService(3_600_000))
  t.match(await check(url, { bodyMatch: /^\d{4}-/ }), { reasons: [/^the clock is /] })
  t.match(await check(url, { bodyMatch: /^now:/ }), {
    verdict: 'critical',
    reasons: ['GET /now: the answer does not match /^now:/', /^the clock is /],
    clock: { samples: 3 },
  })
})

t.test('gives up on a --body-match that never ends, and delays no other target', async (t) => {
  const url = await startService(t, (_, response) => response.end(`${'a'.repeat(60)}!`))
  const good = await startService(t, timeService())
  const { targets } = await checkTargets([{ url }, { url: good }], {
    ...defaultSettings,
    samples: 1,
    bodyMatch: /^(a+)+$|^\d/,
  })
  t.match(targets, [
    { verdict: 'critical', reasons: [/^GET \/now: expected the time/, /matching .* takes more than 50 ms$/] },
    { verdict: 'ok' },
  ])
})

t.test('checks one address family', async (t) => {
  const url = await startService(t, timeService())
  t.match(await check(url, { family: 4 }), { verdict: 'ok', address: '127.0.0.1' })
  t.match(await check(url, { family: 6 }), { verdict: 'critical', reasons: ['the host has no IPv6 address'] })
  const byName = url.replace('127.0.0.1', 'localhost')
  t.match(await check(byName, { family: 4 }), { verdict: 'ok', address: '127.0.0.1' })
  t.match(await check(byName, { family: 6 }), { verdict: 'critical' }, 'it does not listen there')
})

t.test('tries every address of the host behind a redirect', async (t) => {
  const service = await startService(t, timeService())
  const { port } = new URL(service)
  const lonely = await startRedirect(t, (path) => `http://localhost:${port}${path}`)
  t.match(await check(lonely.url, { followRedirects: 1 }), { verdict: 'ok' }, 'IPv4')
  const six = await startOn(t, '::1', timeService())
  const other = await startRedirect(t, (path) => `http://localhost:${six}${path}`)
  t.match(await check(other.url, { followRedirects: 1 }), { verdict: 'ok' }, 'IPv6')
})

t.test('a redirect to the same name stays on the server under test', async (t) => {
  const port = await startOn(t, '127.0.0.1', timeService())
  const first = await startOn(t, '127.0.0.2', (request, response) =>
    response.writeHead(302, { location: `http://localhost:${port}${request.url}` }).end(),
  )
  const target = { url: `http://localhost:${first}`, address: '127.0.0.2' }
  const { targets } = await checkTargets([target], { ...defaultSettings, samples: 1, followRedirects: 1 })
  t.match(targets, [
    { verdict: 'critical', reasons: [`GET /now: redirected to http://localhost:${port}/now: connection refused`] },
  ])
})

t.test('sends a non-ASCII redirect location percent-encoded, and shortens a long one in the report', async (t) => {
  const asked: string[] = []
  const url = await startSocketService(t, (socket) => {
    socket.on('data', (bytes) => {
      const [, path = ''] = String(bytes).split(' ')
      asked.push(path)
      socket.write(`HTTP/1.1 302 Found\r\nLocation: /zürich/${'a'.repeat(5000)}\r\nContent-Length: 0\r\n\r\n`)
    })
  })
  const { reasons } = await check(url, { followRedirects: 2 })
  t.match(asked[1], /^\/z%C3%BCrich\/a+$/)
  for (const reason of reasons) t.ok(reason.length < 600, reason)
})

/** A service on one loopback address only; returns its port. */
async function startOn(t: Test, address: string, handler: http.RequestListener): Promise<number> {
  const server = http.createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}
