import t from 'tap'
import { type BouncerMode, bounce, bouncerPollSeconds } from './bouncer.ts'

const plain = { bootSeconds: () => 60, healthCheckSeconds: 2, drainSeconds: 10, pollSeconds: 1 }
const booting = (...seconds: number[]) => ({ ...plain, bootSeconds: (nth: number) => seconds[nth - 1] ?? Number.NaN })

t.test('four instances, each 62 s to serve and 10 s to go', async (t) => {
  const expected: [BouncerMode, number, number, number][] = [
    ['serial', 4 * (10 + 62), 3, 4],
    // The canary, the other three, the end of all old ones.
    ['canary', 62 + 62 + 10, 4, 8],
    // Four launches one after the other, three of them while an old one drains, and the end of the last.
    ['slow-canary', 4 * 62 + 10, 4, 6],
    // The canary, one more to fill the batch, the end of two, two more, the end of two.
    ['batch-canary', 62 + 62 + 10 + 62 + 10, 4, 6],
    // One, two, one.
    ['batch-serial', 3 * (10 + 62), 2, 4],
    ['full', 4 * 10 + 4 * 62, 0, 4],
    ['full --fast', 10 + 4 * 62, 0, 4],
  ]
  for (const [mode, makespanSeconds, lowestHealthy, highestSize] of expected) {
    t.same(bounce(mode, { ...plain, size: 4 }, 2), { makespanSeconds, lowestHealthy, highestSize }, mode)
  }
})

t.test('a batch waits for its slowest instance before any old one ends', async (t) => {
  const { makespanSeconds } = bounce('batch-canary', { ...booting(10, 10, 100, 10), size: 4 }, 2)
  t.equal(makespanSeconds, 12 + 12 + 10 + 102 + 10)
})

t.test('takes a batch as large as the group', async (t) => {
  const result = bounce('batch-canary', { ...plain, size: 4 }, 4)
  t.same(result, { makespanSeconds: 62 + 62 + 10, lowestHealthy: 4, highestSize: 8 })
})

t.test('notices changes only when it looks', async (t) => {
  // Ended at 0, seen gone and replaced at 15, in service at 77, seen at 90, and so on.
  t.equal(bounce('serial', { ...plain, size: 2, pollSeconds: bouncerPollSeconds }).makespanSeconds, 90 + 77)
})
