import t from 'tap'
import { virtualClock } from './virtual-clock.ts'

t.test('sleepers wake in the order of their hours, and nobody waits for real', async (t) => {
  const clock = virtualClock(0)
  const woken: [string, number][] = []
  const sleeper = async (name: string, ...naps: number[]) => {
    for (const ms of naps) {
      await clock.sleep(ms)
      woken.push([name, clock.now()])
    }
  }
  await Promise.all([sleeper('a', 3_600_000, 1), sleeper('b', 1000, 1000), sleeper('c', 1500)])
  t.same(woken, [
    ['b', 1000],
    ['c', 1500],
    ['b', 2000],
    ['a', 3_600_000],
    ['a', 3_600_001],
  ])
})
