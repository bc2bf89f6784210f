import t from 'tap'
import { floorOf, maximumOf, plainPolicy } from './policy.ts'

t.test('what a policy promises of a group', (t) => {
  t.same(
    [floorOf({ maxUnavailable: 0 }, 4), floorOf({ maxUnavailable: 1 }, 4), floorOf({ maxUnavailable: 9 }, 4)],
    [4, 3, 0],
  )
  t.same([maximumOf({ surge: 0 }, 4), maximumOf({ surge: 3 }, 4)], [4, 7])
  t.end()
})

t.test('by default one is replaced after the other, none missing, nothing watched', (t) => {
  t.same(plainPolicy, {
    surge: 1,
    maxUnavailable: 0,
    canary: 0,
    canaryWatchSeconds: 0,
    pauseAt: [],
    pauseSeconds: undefined,
    first: [],
    force: false,
    instanceTimeoutSeconds: 600,
    timeoutSeconds: 3600,
  })
  t.end()
})
