import t from 'tap'
import { readDaemon } from './daemon-answers.ts'

/** As `busctl --json=short get-property ... NTPMessage` writes it: 20 ms to the server and back, 5 ms behind it. */
function message(changes: Record<number, number> = {}): string {
  const receivedUs = 1_795_286_078_000_000
  const [sentUs, arrivedUs] = [receivedUs - 20_000, receivedUs - 5000]
  const data = [0, 4, 4, 2, -24, 4000, 1000, [192, 0, 2, 1], sentUs, arrivedUs, arrivedUs, receivedUs, false, 7, 300]
  const changed = data.map((value, index) => changes[index] ?? value)
  return `${JSON.stringify({ type: '(uuuuittayttttbtt)', data: changed })}\n`
}

const nowMs = 1_795_286_078_000

t.test('systemd-timesyncd: what it was off, half of the way, the distance of its server, its age', (t) => {
  const read = (stdout: string, afterMs = 0) => readDaemon('systemd-timesyncd', stdout, nowMs + afterMs)
  // 5 ms off, 10 ms of the way, 2 + 1 ms of the server's.
  t.same(read(message()), { state: 'trusted', offsetMs: 0, errorMs: 18.001, source: 'systemd-timesyncd' })
  t.match(read(message(), 1_000_000), { errorMs: 118.001 })
  t.end()
})

t.test('systemd-timesyncd: nothing received yet, or nothing to go by', (t) => {
  const unknown = { state: 'unknown', reason: 'systemd-timesyncd is not synchronised' }
  for (const changes of [{ 13: 0 }, { 0: 3 }, { 3: 0 }]) {
    t.same(readDaemon('systemd-timesyncd', message(changes), nowMs), unknown)
  }
  for (const text of ['', '{}', 'null', '{"type":"s","data":"x"}', '{"type":"(uuuuittayttttbtt)","data":[]}']) {
    t.equal(readDaemon('systemd-timesyncd', text, nowMs), undefined, text)
  }
  t.end()
})

t.test('answers that are cut short are no answers, or prove nothing', (t) => {
  t.equal(readDaemon('chrony', '', nowMs), undefined)
  t.equal(readDaemon('chrony', 'C0000201,ntp.example,3', nowMs), undefined)
  t.equal(readDaemon('ntp', '', nowMs), undefined)
  t.match(readDaemon('ntp', 'leap=00, stratum=2', nowMs), { state: 'unknown', reason: /tells no bound/ })
  t.end()
})
