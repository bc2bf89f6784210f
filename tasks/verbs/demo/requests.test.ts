import t from 'tap'
import { duringWords, perSecond, requestWords, underLoad } from './requests.ts'

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

t.test('an error of the roll is told before one of the load, which is told beside', async (t) => {
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  const counted = { sent: 3, failed: 0, failures: {} }
  const [good, bad] = [{ stop: async () => counted }, { stop: () => Promise.reject(new Error('hey gave no report')) }]
  const failing = () => Promise.reject(new Error('no instance is healthy'))
  t.match(await underLoad(good, async () => {}, warn), counted)
  await t.rejects(underLoad(good, failing, warn), { message: 'no instance is healthy' })
  await t.rejects(
    underLoad(bad, async () => {}, warn),
    { message: 'hey gave no report' },
  )
  t.strictSame(warnings, [])
  await t.rejects(underLoad(bad, failing, warn), { message: 'no instance is healthy' })
  t.strictSame(warnings, ['the load did not stop cleanly: hey gave no report'])
})
