import t from 'tap'
import { readDaemon } from './daemon-answers.ts'

/** As `busctl --json=short get-property ... NTPMessage` writes it: round trip of 20 ms, 5 ms behind the server. */
function message(changes: Record<number, number> = {}): string {
  const receivedUs = 1_795_286_078_000_000
  const [sentUs, arrivedUs] = [receivedUs - 20_000, receivedUs - 5000]
  const data = [0, 4, 4, 2, -24, 4000, 1000, [192, 0, 2, 1], sentUs, arrivedUs, arrivedUs, receivedUs, false, 7, 300]
  const changed = data.map((value, index) => changes[index] ?? value)
  return `${JSON.stringify({ type: '(uuuuittayttttbtt)', data: changed })}\n`
}

const nowMs = 1_795_286_078_000

t.test("systemd-timesyncd: the bound is half the round trip plus the server's distance and the age", (t) => {
  const read = (stdout: string, afterMs = 0) => readDaemon('systemd-timesyncd', stdout, nowMs + afterMs)
  // 5 ms off, half a round trip of 10 ms, 2 + 1 ms from the server.
  t.same(read(message()), { state: 'trusted', offsetMs: 0, errorMs: 18.001, source: 'systemd-timesyncd' })
  t.match(read(message(), 1_000_000), { errorMs: 118.001 })
  t.end()
})

t.test('systemd-timesyncd: unknown before the first answer, unmeasured without a usable one', (t) => {
  const unknown = { state: 'unknown', reason: 'systemd-timesyncd is not synchronised' }
  for (const changes of [{ 13: 0 }, { 0: 3 }, { 3: 0 }]) {
    t.same(readDaemon('systemd-timesyncd', message(changes), nowMs), unknown)
  }
  for (const text of ['', '{}', 'null', '{"type":"s","data":"x"}', '{"type":"(uuuuittayttttbtt)","data":[]}']) {
    t.equal(readDaemon('systemd-timesyncd', text, nowMs), undefined, text)
  }
  t.end()
})

t.test('a truncated answer is no answer or proves nothing', (t) => {
  t.equal(readDaemon('chrony', '', nowMs), undefined)
  t.equal(readDaemon('chrony', 'C0000201,ntp.example,3', nowMs), undefined)
  t.equal(readDaemon('ntp', '', nowMs), undefined)
  t.match(readDaemon('ntp', 'leap=00, stratum=2', nowMs), { state: 'unknown', reason: /tells no bound/ })
  t.end()
})
