import t from 'tap'
import { plainPolicy, type RollPolicy } from '../../../lib/roll/policy.ts'
import { preferencesFor, refreshProblem } from './refresh-preferences.ts'

const preferences = (change: Partial<RollPolicy>, size: number) =>
  preferencesFor({ ...plainPolicy, ...change }, { size, alarms: [], goesBack: true })

t.test('in place: the floor of the policy in whole percents, rounded up by AWS', (t) => {
  const table: [size: number, maxUnavailable: number, percent: number][] = [
    [1, 1, 0],
    [2, 1, 50],
    [3, 1, 66],
    [3, 3, 0],
    [7, 2, 71],
    [100, 1, 99],
    [150, 2, 99],
    [1000, 25, 98],
    [1000, 10, 99],
  ]
  for (const [size, maxUnavailable, percent] of table) {
    const policy = { surge: 0, maxUnavailable }
    const { MinHealthyPercentage: min = 0, MaxHealthyPercentage: max } = preferences(policy, size)
    t.strictSame([min, max], [percent, 100], `${maxUnavailable} of ${size}`)
    t.equal(refreshProblem({ ...plainPolicy, ...policy }, size), undefined)
  }
  t.end()
})

t.test('no size and no policy gives a percentage that lets more instances be missing than was promised', (t) => {
  for (let size = 1; size <= 1000; size++) {
    for (const maxUnavailable of [1, 2, 3, Math.ceil(size / 4), size - 1, size].filter((count) => count > 0)) {
      const policy = { ...plainPolicy, surge: 0, maxUnavailable }
      if (refreshProblem(policy, size) !== undefined) continue
      const { MinHealthyPercentage: min = 0 } = preferences(policy, size)
      const serving = Math.ceil((min * size) / 100)
      if (serving < size - maxUnavailable || serving >= Math.max(1, size)) {
        t.fail(`${maxUnavailable} of ${size}: ${min} % are ${serving}`)
      }
    }
  }
  t.pass('all sizes')
  t.end()
})

t.test('less than one percent cannot be said', (t) => {
  const policy = { ...plainPolicy, surge: 0, maxUnavailable: 9 }
  t.equal(
    refreshProblem(policy, 1000),
    '--max-unavailable: an instance refresh counts in whole percents; for 1000 instances the smallest value is 10',
  )
  t.equal(refreshProblem({ ...policy, surge: 1 }, 1000), undefined, 'with room for one more nothing is missing')
  t.end()
})

t.test('with a surge nothing is missing', (t) => {
  const both = { surge: 2, maxUnavailable: 2 }
  t.match(preferences(both, 4), { MinHealthyPercentage: 100, MaxHealthyPercentage: 150 })
  t.end()
})

t.test('checkpoints behind the canary and at each pause, with one wait', (t) => {
  const table: [change: Partial<RollPolicy>, size: number, checkpoints: number[] | undefined, delay?: number][] = [
    [{ canary: 1, canaryWatchSeconds: 90 }, 4, [25, 100], 90],
    [{ pauseAt: [1, 2, 4], pauseSeconds: 600 }, 8, [12, 25, 50, 100], 600],
    [{ canary: 1, pauseAt: [4], pauseSeconds: 60 }, 8, [12, 50, 100], 60],
    [{ canary: 4, pauseAt: [1], pauseSeconds: 60 }, 8, [12, 50, 100], 60],
    [{ canary: 1, pauseAt: [1], pauseSeconds: 60 }, 8, [12, 100], 60],
    [{ pauseAt: [1, 2, 15], pauseSeconds: 0.5 }, 1000, [1, 100], 1],
    [{ pauseAt: [8], pauseSeconds: 60 }, 8, undefined],
    [{ pauseSeconds: 60 }, 8, undefined],
    [{ canaryWatchSeconds: 60 }, 8, undefined],
  ]
  for (const [change, size, checkpoints, delay] of table) {
    const { CheckpointPercentages, CheckpointDelay } = preferences(change, size)
    t.strictSame([CheckpointPercentages, CheckpointDelay], [checkpoints, delay], JSON.stringify(change))
  }
  t.end()
})
