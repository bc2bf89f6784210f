import t from 'tap'
import { aged } from './keep.ts'
import { answers, ntpRequest, readReply } from './ntp-packet.ts'

const cookie = Buffer.from('0123456789abcdef', 'hex')

/** A reply with both timestamps at this second since 1900, within their era. */
function reply(seconds: number): Buffer {
  const packet = Buffer.alloc(48)
  packet[0] = 0x24
  packet[1] = 1
  packet.writeInt8(-20, 3)
  cookie.copy(packet, 24)
  for (const at of [32, 40]) packet.writeUInt32BE(seconds, at)
  return packet
}

t.test('a request is a version 4 client packet with only a cookie', (t) => {
  t.equal(ntpRequest(cookie).toString('hex'), `23${'00'.repeat(39)}0123456789abcdef`)
  t.ok(answers(reply(1), cookie))
  t.notOk(answers(reply(1).subarray(0, 47), cookie))
  t.notOk(answers(reply(1), Buffer.alloc(8)))
  t.end()
})

t.test('timestamps belong to the nearest era, before and after 2036-02-07T06:28:16Z', (t) => {
  const turnMs = Date.UTC(2036, 1, 7, 6, 28, 16)
  for (const [seconds, atMs] of [
    [2 ** 32 - 1, turnMs - 1000],
    [1, turnMs + 1000],
  ] as const) {
    // Our clock is on the other side of the rollover.
    for (const ourMs of [turnMs - 500, turnMs + 500]) {
      const read = readReply(reply(seconds), { cookie, sentMs: ourMs, receivedMs: ourMs + 2 })
      if ('problem' in read) throw new Error(read.problem)
      t.ok(read.lowMs <= ourMs + 1 - atMs && read.highMs >= ourMs + 1 - atMs, JSON.stringify(read))
      t.ok(read.highMs - read.lowMs < 2.1)
    }
  }
  t.end()
})

t.test('the error of a proof grows by 100 ppm with age', (t) => {
  const clock = { state: 'trusted', offsetMs: 1, errorMs: 2, source: 'ntp a' } as const
  t.same(aged(clock, 60_000), { ...clock, errorMs: 8 })
  t.same(aged({ state: 'unknown', reason: 'r' }, 60_000), { state: 'unknown', reason: 'r' })
  t.end()
})
