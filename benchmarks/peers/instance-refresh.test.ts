import t from 'tap'
import { type RefreshReading, refreshInstances } from './instance-refresh.ts'

const boots = [10, 50, 20, 30]
const task = {
  size: 4,
  healthCheckSeconds: 2,
  drainSeconds: 10,
  pollSeconds: 1,
  bootSeconds: (nth: number) => boots[nth - 1] ?? Number.NaN,
}
const preferences = { maxHealthyPercentage: 150, instanceWarmupSeconds: 0 }
const documented = { pace: 'set after set', leavingCounts: true } as const

t.test('four instances with boots of 10, 50, 20 and 30 s, two above the size', async (t) => {
  const expected: [RefreshReading, number, number][] = [
    [documented, 52 + 10 + 32 + 10, 6],
    [{ ...documented, leavingCounts: false }, 52 + 32 + 10, 8],
    // The first makes room at 22 for the third, which serves at 44 and makes room at 54 for the fourth.
    [{ ...documented, pace: 'one by one' }, 12 + 10 + 22 + 10 + 32 + 10, 6],
    // The fourth is launched at 34, while the third's predecessor still leaves.
    [{ pace: 'one by one', leavingCounts: false }, 12 + 22 + 32 + 10, 7],
  ]
  for (const [reading, makespanSeconds, highestSize] of expected) {
    const result = refreshInstances(task, preferences, reading)
    t.same(result, { makespanSeconds, lowestHealthy: 4, highestSize }, JSON.stringify(reading))
  }
})

t.test('a set waits for the warmup after its slowest instance', async (t) => {
  const { makespanSeconds } = refreshInstances(task, { ...preferences, instanceWarmupSeconds: 300 }, documented)
  t.equal(makespanSeconds, 52 + 300 + 10 + 32 + 300 + 10)
})

t.test('a percentage below one instance still replaces one at a time', async (t) => {
  const result = refreshInstances(task, { ...preferences, maxHealthyPercentage: 101 }, documented)
  t.same(result, { makespanSeconds: 12 + 52 + 22 + 32 + 4 * 10, lowestHealthy: 4, highestSize: 5 })
})

t.test('the last set takes only what is left', async (t) => {
  const result = refreshInstances(task, { ...preferences, maxHealthyPercentage: 175 }, documented)
  t.same(result, { makespanSeconds: 52 + 10 + 32 + 10, lowestHealthy: 4, highestSize: 7 })
})
