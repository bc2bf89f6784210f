import t, { type Test } from 'tap'
import { recordedProgress } from '../../simulator/recorded-progress.ts'
import { simulatedPlatform } from '../../simulator/simulated-platform.ts'
import { simulatedWorld } from '../../simulator/simulated-world.ts'
import { OperatorError } from '../errors.ts'
import type { Group, Instance } from '../platform.ts'
import { fresh, nowMs, old, snapshot } from './fleet-fixture.ts'
import { mustStay, runHooks } from './hook-runs.ts'
import type { RollHooks } from './hooks.ts'
import { plainPolicy } from './policy.ts'
import { newRun } from './run.ts'
import type { Step } from './snapshot.ts'

const step = (name: 'drain' | 'terminate' | 'accept') => (instanceId: string) =>
  ({ do: name, instanceId, because: '' }) satisfies Step
const [drain, terminate, accept] = [step('drain'), step('terminate'), step('accept')]
const { group } = snapshot({
  a: old({ health: 'unused' }),
  b: old({ health: 'unused' }),
  booting: old({ state: 'pending' }),
  gone: old({ state: 'stopped' }),
  c: fresh(),
  d: fresh(),
})

/** A run with these hooks, on a clock that is set by hand. */
function openRun(hooks: RollHooks | undefined) {
  const time = { nowMs }
  const clock = { now: () => time.nowMs, sleep: async () => {} }
  const platform = simulatedPlatform(simulatedWorld({ images: [] }))
  const progress = recordedProgress()
  const task = { platform, clock, progress, policy: plainPolicy, probe: async () => ({ ok: true }) }
  return { run: newRun({ ...task, ...(hooks ? { hooks } : {}) }, nowMs), time, progress }
}

/** A hook that fails for some, and who it was called for. */
function recordedHook(failsFor: readonly string[] = []) {
  const calls: string[] = []
  const failing = new Set(failsFor)
  const hook = async ({ id }: Instance) => {
    calls.push(id)
    if (failing.has(id)) throw new OperatorError('failed', `hook fails for ${id}`)
  }
  return { calls, failing, hook }
}

t.test('the hook after acceptance', async (t) => {
  const { calls, hook } = recordedHook(['d'])
  const { run } = openRun({ afterAccept: hook })
  await runHooks(run, [accept('c'), drain('a'), terminate('b'), accept('d'), accept('left-meanwhile')], group)
  t.same(calls, ['c', 'd'])
  t.same([...(run.accepted ?? [])], ['c'])
  t.same([...run.rejected], [['d', 'hook fails for d']])
  t.same([...run.hookFailures], [])
})

t.test('without a hook nothing waits for one', async (t) => {
  const { run } = openRun(undefined)
  await runHooks(run, [accept('c'), terminate('a')], group)
  t.equal(run.accepted, undefined)
  t.same([...run.released], [])
  t.equal(mustStay(run, 'a', group), false)
})

t.test('the hook before the end is done once for each that still runs', async (t) => {
  const { calls, hook } = recordedHook()
  const { run } = openRun({ beforeTerminate: hook })
  const steps = [drain('c'), terminate('a'), terminate('gone'), terminate('booting')]
  await runHooks(run, steps, group)
  await runHooks(run, [...steps, terminate('b')], group)
  t.same(calls, ['a', 'b'])
  t.same([...run.released], ['a', 'b'])
})

t.test('one that still runs stays until its hook is done', async (t) => {
  const { hook } = recordedHook(['b'])
  const { run } = openRun({ beforeTerminate: hook })
  const stay = () => ['a', 'b', 'gone', 'booting', 'left-meanwhile'].filter((id) => mustStay(run, id, group))
  t.same(stay(), ['a', 'b'])
  await runHooks(run, [terminate('a'), terminate('b')], group)
  t.same(stay(), ['b'])
})

t.test('a hook before the end that fails is tried again after ten seconds', async (t) => {
  const { calls, failing, hook } = recordedHook(['a'])
  const accepting = recordedHook()
  const { run, time, progress } = openRun({ beforeTerminate: hook, afterAccept: accepting.hook })
  const turnAfter = async (seconds: number) => {
    time.nowMs = nowMs + seconds * 1000
    await runHooks(run, [accept('c'), terminate('a')], group)
  }
  await turnAfter(0)
  t.same([...run.hookFailures], [['a', { times: 1, reason: 'hook fails for a' }]])
  t.same(progress.lines, ['warning: hook fails for a'])
  await turnAfter(9.999)
  t.same([calls, accepting.calls], [['a'], ['c', 'c']], 'meanwhile it rests, the other hook does not')
  await turnAfter(10)
  t.same([...run.hookFailures], [['a', { times: 2, reason: 'hook fails for a' }]])
  failing.delete('a')
  await turnAfter(20)
  t.same(calls, ['a', 'a', 'a'])
  t.equal(run.hookFailures.size, 0, 'forgotten once it is done')
  t.equal(mustStay(run, 'a', group), false)
})

t.test('an interruption and a defect are no failures of a hook', async (t) => {
  for (const error of [new OperatorError('interrupted', 'roll interrupted'), new TypeError('a defect')]) {
    const { run } = openRun({ beforeTerminate: () => Promise.reject(error), afterAccept: () => Promise.reject(error) })
    await t.rejects(runHooks(run, [accept('c')], group), error)
    await t.rejects(runHooks(run, [terminate('a')], group), error)
    t.match(run, { hookFailure: undefined, hookRestsUntilMs: 0, rejected: new Map() })
  }
})

/** How many calls of the hook are under way at the same time, at most. */
async function mostAtOnce(t: Test, name: keyof RollHooks, steps: (id: string) => Step): Promise<number> {
  const many = snapshot(Object.fromEntries(Array.from({ length: 25 }, (_, nth) => [`m${nth}`, old()]))).group
  let [now, most, done] = [0, 0, 0]
  const hook = async () => {
    now += 1
    most = Math.max(most, now)
    await new Promise(setImmediate)
    now -= 1
    done += 1
  }
  const all = many.instances.map(({ id }) => steps(id))
  await runHooks(openRun({ [name]: hook }).run, all, many satisfies Group)
  t.equal(done, 25)
  return most
}

t.test('ten hooks at the same time', async (t) => {
  t.equal(await mostAtOnce(t, 'afterAccept', accept), 10)
  t.equal(await mostAtOnce(t, 'beforeTerminate', terminate), 10)
})
