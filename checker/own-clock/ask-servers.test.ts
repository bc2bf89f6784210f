import t, { type Test } from 'tap'
import type { OwnClock } from '../run-types.ts'
import { askServers } from './ask-servers.ts'
import { type Lies, startNtpServer } from './fixtures/ntp-server.ts'
import { provenByServers } from './keep.ts'
import { parseTimeServers } from './servers.ts'

async function ask(t: Test, timeoutMs: number, ...servers: Lies[]): Promise<OwnClock> {
  const names = await Promise.all(servers.map(async (lies) => (await startNtpServer(t, lies)).name))
  return askServers(parseTimeServers(names.join()) ?? [], timeoutMs)
}

function contains(t: Test, clock: OwnClock, offsetMs: number): void {
  if (clock.state !== 'trusted') throw new Error(JSON.stringify(clock))
  // The server of the tests reads a clock that Node set at its start, which may be off by 2 ms.
  t.ok(Math.abs(clock.offsetMs - offsetMs) <= clock.errorMs + 2, JSON.stringify(clock))
}

for (const offsetMs of [0, 400, -1500, 3_600_000, -86_400_000 * 400]) {
  t.test(`a server whose clock is ${offsetMs} ms ahead of ours`, async (t) => {
    contains(t, await ask(t, 5000, { offsetMs }), -offsetMs)
  })
}

t.test("the bound includes the server's own uncertainty", async (t) => {
  const clock = await ask(t, 5000, { rootDelayMs: 100, rootDispersionMs: 30 })
  contains(t, clock, 0)
  t.ok(clock.state === 'trusted' && clock.errorMs >= 80, JSON.stringify(clock))
})

t.test('ignores a response with another cookie or half a packet and waits for the real one', async (t) => {
  contains(t, await ask(t, 5000, { forged: true }), 0)
})

t.test('sends a lost packet again', async (t) => contains(t, await ask(t, 10_000, { silent: 1 }), 0))

const refusals: [string, Lies, RegExp][] = [
  ['not synchronised', { first: 0xe4 }, /^127\.0\.0\.1: not synchronised itself$/],
  ['stratum 16', { stratum: 16 }, /not synchronised itself/],
  ['kiss-o’-death', { stratum: 0, kiss: 'RATE' }, /refuses requests \(RATE\)/],
  ['stratum 0 without a code', { stratum: 0, kiss: '\0\0\0\0' }, /not synchronised itself/],
  ['a client, not a server', { first: 0x23 }, /not an NTP server's answer/],
  ['version 1', { first: 0x0c }, /not an NTP server's answer/],
  ['no time', { zeroTime: true }, /gives no time/],
  ['far from its reference', { rootDispersionMs: 20_000 }, /20 s away from its reference/],
  [
    'held for longer than the whole exchange took',
    { heldMs: 60_000 },
    /by its clock the exchange took longer than by ours/,
  ],
  ['answered before it was asked', { heldMs: -60_000 }, /left before the request arrived/],
  ['silent', { silent: 9 }, /no answer within 0\.3 s/],
]

for (const [name, lies, reason] of refusals) {
  t.test(`a server that proves nothing: ${name}`, async (t) => {
    t.match(await ask(t, lies.silent === undefined ? 5000 : 300, lies), { state: 'unknown', reason })
  })
}

t.test('reports each server that does not listen, has no address or stays silent', async (t) => {
  const { name } = await startNtpServer(t, { silent: 9 })
  const servers = parseTimeServers(`127.0.0.1:9,no-such-name.invalid,${name}`) ?? []
  const clock = await askServers(servers, 500)
  t.match(clock, {
    state: 'unknown',
    reason: /127\.0\.0\.1:9: nothing listens there; no-such-name\.invalid: could not be/,
  })
  t.match(clock, { reason: /no answer within 0\.\d s/ })
})

t.test('several servers: outvotes a liar, names a broken one, trusts neither of two that disagree', async (t) => {
  contains(t, await ask(t, 5000, {}, { offsetMs: 60_000 }, {}), 0)
  const clock = await ask(t, 5000, {}, { stratum: 16 })
  contains(t, clock, 0)
  t.match(clock, { source: /^ntp 127\.0\.0\.1:\d+, \(127\.0\.0\.1:\d+: not synchronised itself\)$/ })
  t.match(await ask(t, 5000, {}, { offsetMs: 60_000 }), {
    state: 'unknown',
    reason: /contradict each other: 127.*ahead; 127/,
  })
})

t.test('repeated checks ask once a minute, and the bound grows in between', async (t) => {
  const { name, asked } = await startNtpServer(t)
  const servers = parseTimeServers(name) ?? []
  const first = await provenByServers(servers, 5000)
  const second = await provenByServers(servers, 5000)
  t.equal(asked(), 1)
  if (first.state !== 'trusted' || second.state !== 'trusted') throw new Error(JSON.stringify([first, second]))
  t.equal(second.offsetMs, first.offsetMs)
  t.ok(second.errorMs >= first.errorMs)
})
