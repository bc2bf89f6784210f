import fc from 'fast-check'
import t from 'tap'
import { type BoundTask, lowerBoundSeconds } from './lower-bound.ts'

const times = { healthCheckSeconds: 1, drainSeconds: 1 }

/** What a group that is being replaced looks like at one whole second. */
interface State {
  readonly launched: number
  /** Seconds until each new machine serves. */
  readonly booting: readonly number[]
  readonly fresh: number
  readonly old: number
  /** Seconds until each drained machine can be ended. */
  readonly draining: readonly number[]
}

/** The fewest seconds, found by trying every choice of every second: how many to launch and how many to drain. */
function triedSeconds({ bootSeconds, surge, maxUnavailable, healthCheckSeconds, drainSeconds }: BoundTask): number {
  const size = bootSeconds.length
  let states = new Map<string, State>()
  const keep = (state: State) => states.set(JSON.stringify(state), state)
  keep({ launched: 0, booting: [], fresh: 0, old: size, draining: [] })
  for (let second = 0; ; second += 1) {
    const now = [...states.values()].map(passed)
    if (now.some(({ fresh, old, draining }) => fresh === size && old === 0 && draining.length === 0)) return second
    states = new Map()
    for (const state of now) {
      const { launched, booting, fresh, old, draining } = state
      const room = Math.min(size - launched, size + surge - old - draining.length - booting.length - fresh)
      const spare = Math.min(old, Math.max(0, old + fresh - (size - maxUnavailable)))
      for (let launch = 0; launch <= room; launch += 1) {
        const born = bootSeconds.slice(launched, launched + launch).map((boot) => boot + healthCheckSeconds)
        for (let drain = 0; drain <= spare; drain += 1) {
          const drained = [...draining, ...Array.from({ length: drain }, () => drainSeconds)]
          keep({
            launched: launched + launch,
            booting: [...booting, ...born].sort(),
            fresh,
            old: old - drain,
            draining: drained.sort(),
          })
        }
      }
    }
    states = new Map([...states].map(([key, state]) => [key, aged(state)]))
  }
}

function aged(state: State): State {
  const older = (left: readonly number[]) => left.map((seconds) => seconds - 1)
  return { ...state, booting: older(state.booting), draining: older(state.draining) }
}

function passed(state: State): State {
  const isLeft = (seconds: number) => seconds > 0
  const booting = state.booting.filter(isLeft)
  const fresh = state.fresh + state.booting.length - booting.length
  return { ...state, booting, fresh, draining: state.draining.filter(isLeft) }
}

const boots = (maxLength: number) => fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength })

t.test('it is what the best of all policies takes', (t) => {
  const task = fc.record({
    bootSeconds: boots(4),
    surge: fc.integer({ min: 0, max: 3 }),
    maxUnavailable: fc.integer({ min: 0, max: 2 }),
  })
  const property = fc.property(task, (drawn) => {
    fc.pre(drawn.surge + drawn.maxUnavailable > 0)
    const whole = { ...drawn, ...times }
    const [bound, tried] = [lowerBoundSeconds(whole), triedSeconds(whole)]
    if (bound !== tried) throw new Error(`bound ${bound}, tried ${tried}`)
  })
  fc.assert(property, { numRuns: 150, seed: 1 })
  t.end()
})

t.test('it is never below the classic bounds, and never above one place after the other', (t) => {
  const property = fc.property(boots(200), fc.integer({ min: 1, max: 20 }), (bootSeconds, surge) => {
    const bound = lowerBoundSeconds({ bootSeconds, surge, maxUnavailable: 0, healthCheckSeconds: 2, drainSeconds: 10 })
    const jobs = bootSeconds.map((boot) => boot + 12)
    const sum = jobs.reduce((a, b) => a + b)
    if (bound < Math.max(sum / surge, ...jobs) - 1e-9 || bound > sum) throw new Error(`${bound} of ${sum}`)
  })
  fc.assert(property, { numRuns: 300, seed: 2 })
  t.end()
})

t.test('checkpoints', (t) => {
  const calm = { bootSeconds: [5, 1, 1, 1], surge: 2, maxUnavailable: 0, healthCheckSeconds: 0, drainSeconds: 2 }
  t.equal(lowerBoundSeconds(calm), 9)
  const canary = { count: 1, seconds: 10, isWhole: false }
  t.equal(lowerBoundSeconds({ ...calm, checkpoints: [canary] }), 5 + 10 + 1 + 2 + 1 + 2)
  const pause = { count: 2, seconds: 10, isWhole: true }
  t.equal(lowerBoundSeconds({ ...calm, checkpoints: [pause] }), 5 + 2 + 10 + 1 + 2)
  t.equal(lowerBoundSeconds({ ...calm, surge: 0, maxUnavailable: 2, checkpoints: [pause] }), 2 + 5 + 10 + 1)
  t.end()
})
