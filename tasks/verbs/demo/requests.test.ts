import t from 'tap'
import { duringWords, perSecond, requestWords } from './requests.ts'

const load = (sent: number, seconds: number, failed = 0) => ({ sent, failed, seconds, failures: {} })

t.test('the rate that was reached', async (t) => {
  t.equal(perSecond(load(15_903, 274)), 58)
  t.equal(perSecond(load(7, 2)), 3.5)
  t.equal(perSecond(load(0, 0)), 0)
})

t.test('during the roll: what was counted, and what had been asked for when it was more', async (t) => {
  t.equal(
    duringWords(load(15_903, 274), 120),
    '15903 requests during the roll, 58 a second of the 120 asked for; 0 failed',
  )
  t.equal(duringWords(load(12_000, 100), 120), '12000 requests during the roll, 120 a second; 0 failed')
})

t.test('at the end: during the roll and after it apart', async (t) => {
  t.equal(
    requestWords(load(15_903, 274), load(7242, 60)),
    '15903 requests during the roll, 58 a second, and 7242 after it, 0 failed',
  )
  t.equal(requestWords(load(20_500, 171), load(0, 0)), '20500 requests during the roll, 120 a second, 0 failed')
  t.equal(
    requestWords(load(15_903, 274, 2), load(7242, 60, 1)),
    '15903 requests during the roll, 58 a second, and 7242 after it, 3 failed (2 during the roll, 1 after it)',
  )
  t.match(requestWords(load(20_500, 171, 2), load(0, 0)), /, 2 failed$/)
})
