import net from 'node:net'
import t, { type Test } from 'tap'
import { checkTargets } from '../check.ts'
import { startService, startSocketService, timeService } from '../fixtures/service.ts'
import { defaultSettings } from '../options/settings.ts'

/** A balancer of TCP connections: each goes to the next server, whatever is requested on it. */
async function startBalancer(t: Test, servers: readonly string[]): Promise<{ url: string; opened: () => number }> {
  let opened = 0
  const url = await startSocketService(t, (socket) => {
    const { hostname, port } = new URL(servers[opened % servers.length] ?? '')
    opened += 1
    const behind = net.connect(Number(port), hostname)
    behind.on('error', () => socket.destroy())
    socket.on('close', () => behind.destroy())
    socket.pipe(behind).pipe(socket)
  })
  return { url, opened: () => opened }
}

t.test('behind a TCP load balancer, all samples reach one server unless each has its own connection', async (t) => {
  const servers = [await startService(t, timeService()), await startService(t, timeService(30_000))]
  const settings = { ...defaultSettings, samples: 4, maxOffsetMs: 60_000 }
  const kept = await startBalancer(t, servers)
  t.match(await checkTargets([{ url: kept.url }], settings), {
    verdict: 'ok',
    targets: [{ clock: { clocks: 1, samples: 4 }, reasons: [] }],
  })
  t.equal(kept.opened(), 1)
  const fresh = await startBalancer(t, servers)
  const report = await checkTargets([{ url: fresh.url }], { ...settings, freshConnections: true })
  t.match(report, {
    verdict: 'ok',
    summary: / \(the worst of 2\)/,
    targets: [{ clock: { clocks: 2, samples: 4 }, reasons: [/^the answers contradict each other: 2 clocks/] }],
  })
  t.equal(fresh.opened(), 5, 'four samples and the version')
  t.match(await checkTargets([{ url: fresh.url }], { ...settings, freshConnections: true, maxOffsetMs: 5000 }), {
    verdict: 'critical',
  })
})

t.test('finds a bad server among several', async (t) => {
  const broken = await startService(t, (_, response) => response.writeHead(503).end())
  const servers = [await startService(t, timeService()), await startService(t, timeService()), broken]
  const { url } = await startBalancer(t, servers)
  t.match(await checkTargets([{ url }], { ...defaultSettings, freshConnections: true }), {
    verdict: 'critical',
    targets: [{ reasons: ['GET /now: HTTP 503'] }],
  })
})
