import fc from 'fast-check'
import t from 'tap'
import { ClientKilled, crashingAt } from '../../simulator/crash.ts'
import { releaseTask, served, servingWorld, wanted } from '../../simulator/release-fixture.ts'
import { simulatedDelivery } from '../../simulator/simulated-delivery.ts'
import { servesAt } from '../../simulator/simulated-machine.ts'
import { simulatedPlatform } from '../../simulator/simulated-platform.ts'
import type { World } from '../../simulator/simulated-world.ts'
import { OperatorError } from '../errors.ts'
import { releaseGroup } from './release.ts'
import type { Delivery } from './task.ts'

/** What goes wrong, at the nth half of a delivery or the nth call of a client. */
interface Drawn {
  readonly size: number
  readonly maxUnavailable: number
  readonly isSameName: boolean
  readonly refusals: readonly number[]
  readonly refusalsBack: readonly number[]
  readonly broken: readonly number[]
  readonly deaths: readonly (readonly [half: number, machine: number])[]
  readonly crashes: readonly number[]
  readonly kills: readonly (readonly [call: number, moment: 'before' | 'after'])[]
  readonly outages: readonly (readonly [half: number, what: 'control' | 'disk' | 'stopped'])[]
}

const few = <T>(of: fc.Arbitrary<T>, most = 2) => fc.array(of, { maxLength: most })
const place = fc.nat(20)

const schedules: fc.Arbitrary<Drawn> = fc.record({
  size: fc.integer({ min: 1, max: 9 }),
  maxUnavailable: fc.integer({ min: 1, max: 4 }),
  isSameName: fc.boolean(),
  refusals: few(place, 1),
  refusalsBack: few(place, 1),
  broken: few(fc.nat(30), 1),
  deaths: few(fc.tuple(place, fc.nat(8))),
  crashes: few(place, 1),
  kills: few(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom('before' as const, 'after' as const)), 3),
  outages: few(fc.tuple(place, fc.constantFrom('control' as const, 'disk' as const, 'stopped' as const))),
})

const calm: Drawn = {
  size: 3,
  maxUnavailable: 1,
  isSameName: false,
  refusals: [],
  refusalsBack: [],
  broken: [],
  deaths: [],
  crashes: [],
  kills: [],
  outages: [],
}
const everyTime = Array.from({ length: 60 }, (_, nth) => nth)
/** One schedule for each end, tried before what chance draws. */
const examples: [Drawn][] = [
  [calm],
  [{ ...calm, refusals: [2] }],
  [{ ...calm, refusals: [2], refusalsBack: everyTime }],
]

/** Runs the same command until it ends; returns what is wrong with how it went. */
async function play(drawn: Drawn): Promise<{ outcome: string; problem?: string | undefined }> {
  const { size, maxUnavailable, isSameName } = drawn
  const world = await servingWorld(size)
  const content = isSameName ? { release: '1.0.0', content: 'c-rebuilt' } : wanted
  const problems: string[] = []
  const harmed = watchCapacity(world, drawn, problems)
  const delivery = guarded(world, faultyDelivery(world, drawn, content, harmed), problems)
  const calls = [...drawn.kills]
  for (let client = 1; ; client += 1) {
    const owner = `client-${client}`
    const [nth, moment] = calls.shift() ?? [Number.POSITIVE_INFINITY, 'before' as const]
    const platform = crashingAt(world, simulatedPlatform(world, owner), owner, nth, moment)
    const policy = { maxUnavailable, instanceTimeoutSeconds: 200 }
    const task = releaseTask(world, {
      platform,
      openDelivery: async () => delivery,
      wanted: content,
      policy,
      pollMs: 3000,
    })
    try {
      const { outcome } = await releaseGroup(task)
      return { outcome, problem: [...problems, ...mixed(world, outcome, content.content, harmed)][0] }
    } catch (error) {
      if (error instanceof ClientKilled) continue
      if (!(error instanceof OperatorError)) throw error
      const isCall = error.kind === 'failed' || error.kind === 'refused'
      return { outcome: error.kind, problem: isCall && error.message ? problems[0] : `it ended as ${error.kind}` }
    }
  }
}

/** No instance is taken out of service below the floor. Faults alone may bring it lower, by the machines they harm. */
function watchCapacity(world: World, { size, maxUnavailable }: Drawn, problems: string[]): Set<string> {
  const harmed = new Set<string>()
  const floor = size - maxUnavailable
  world.watchers.push(({ call, servedBefore, serving }) => {
    if (call === 'drain' && servedBefore && serving < floor)
      problems.push(`${serving} serve after a drain, ${floor} must`)
    const areBack =
      world.clock.now() >= Math.max(0, ...world.machines.map(({ registeredMs = 0 }) => registeredMs + 2000))
    const isBalanced = world.loadBalancer === 'running' && areBack
    if (isBalanced && serving < floor - harmed.size) problems.push(`${serving} serve, ${floor} must`)
  })
  return harmed
}

function faultyDelivery(world: World, drawn: Drawn, content: typeof wanted, harmed: Set<string>): Delivery {
  let halves = 0
  return simulatedDelivery(world, content, {
    refuse: (nth, id) => (drawn.refusals.includes(nth) ? `no space left on ${id}` : undefined),
    refuseBack: (nth, id) => (drawn.refusalsBack.includes(nth) ? `no SSH to ${id}` : undefined),
    isBroken: (id) => drawn.broken.includes(Number(id.slice(1))),
    halfway() {
      halves += 1
      for (const [half, machine] of drawn.deaths) {
        const victim = half === halves ? world.machines[machine] : undefined
        if (victim) harm(victim.id, world.kill(victim.id))
      }
      for (const half of drawn.crashes) {
        const victim = half === halves ? world.machines[0] : undefined
        if (victim) harm(victim.id, Object.assign(world.machine(victim.id).parts, { container: 'exited' }))
      }
      for (const [half, what] of drawn.outages) if (half === halves) breakDown(world, what)
    },
  })
  function harm<T>(id: string, result: T): T {
    harmed.add(id)
    return result
  }
}

function breakDown(world: World, what: 'control' | 'disk' | 'stopped'): void {
  const untilMs = world.clock.now() + 90_000
  if (what === 'control') world.outages.controlUntilMs = untilMs
  else if (what === 'disk') world.outages.diskUntilMs = untilMs
  else world.loadBalancer = 'stopped'
}

/** Nothing is changed on a machine that gets requests. */
function guarded(world: World, delivery: Delivery, problems: string[]): Delivery {
  const check = (id: string) => {
    const machine = world.find(id)
    const isAsked = world.loadBalancer === 'running' && machine && servesAt(machine, world.clock.now())
    if (isAsked) problems.push(`${id} is changed while it serves`)
  }
  return {
    prepare: (one, from) => delivery.prepare(one, from),
    async deliver(one, from) {
      check(one.id)
      await delivery.deliver(one, from)
    },
    async putBack(one, from) {
      check(one.id)
      await delivery.putBack(one, from)
    },
  }
}

/** The machines of a finished release that serve another one, unless they died. */
function mixed(world: World, outcome: string, content: string, harmed: ReadonlySet<string>): string[] {
  const right = outcome === 'rolled-back' ? '1.0.0' : content
  const wrong = served(world).flatMap((one, index) => {
    const machine = world.machines[index]
    return one === right || machine?.killed ? [] : [`${machine?.id} serves ${one} after ${outcome}`]
  })
  const silent = world.machines.filter((one) => !one.killed && !harmed.has(one.id) && !servesAt(one, world.clock.now()))
  const isOpen = world.record?.inPlace !== undefined && world.record.inPlace.upTo === undefined
  return [
    ...wrong,
    ...silent.map(({ id }) => `${id} does not serve after ${outcome}`),
    ...(isOpen ? ['it is open'] : []),
  ]
}

t.test(
  'whatever happens, the group ends on one release, or with a call for a person',
  { timeout: 600_000 },
  async (t) => {
    const outcomes = new Map<string, number>()
    const numRuns = Number(process.env['BAKEROLL_TEST_SCHEDULES'] ?? 300)
    const details = await fc.check(
      fc.asyncProperty(schedules, async (drawn) => {
        const { outcome, problem } = await play(drawn)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        if (problem !== undefined) throw new Error(problem)
      }),
      { numRuns, seed: 1, examples },
    )
    const { message = '' } = (details.errorInstance ?? {}) as Error
    t.notOk(details.failed, `${message} ${JSON.stringify(details.counterexample)}`)
    t.comment([...outcomes].map((one) => one.join(' ')).join(', '))
    t.ok(outcomes.get('released') && outcomes.get('rolled-back') && outcomes.get('failed'), 'each end was reached')
  },
)
