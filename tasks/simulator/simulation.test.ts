import './promises-fixture.ts'
import t from 'tap'
import { simulateRoll } from './simulation.ts'
import { notableEvents, simulationFacts } from './simulation-facts.ts'
import { simulationLine, simulationLines } from './simulation-lines.ts'
import type { SimulationTask } from './simulation-task.ts'

const run = (change: Partial<SimulationTask> = {}) =>
  simulateRoll({ instances: 20, policy: '', faults: '', seed: 1, ...change })

t.test('a calm roll: the facts', async (t) => {
  const simulation = await run({ policy: 'surge=4' })
  const facts = simulationFacts(simulation)
  t.match(facts, {
    outcome: 'rolled',
    floor: 20,
    promisedFloor: 20,
    lowestHealthy: 20,
    highestSize: 24,
    maximumSize: 24,
    violations: [],
    seed: 1,
    instances: 20,
    pauses: 0,
    kills: 0,
    faults: [],
    faultsWaiting: 0,
    bootSeconds: { distribution: 'lognormal', median: 60, sigma: 0.4 },
  })
  const { makespanSeconds, lowerBoundSeconds, steps } = facts as Record<string, number>
  const ratio = (makespanSeconds ?? 0) / (lowerBoundSeconds ?? 1)
  t.ok(ratio >= 1 && ratio < 1.05, `${makespanSeconds} of ${lowerBoundSeconds}`)
  t.ok((steps ?? 0) > 40, `${steps} steps`)
})

t.test('the same seed gives the same, another seed another', async (t) => {
  const facts = async (seed: number) => simulationFacts(await run({ seed, faults: 'spot:2,capacity,killed' }))
  t.same(await facts(3), await facts(3))
  t.not((await facts(3))['makespanSeconds'], (await facts(4))['makespanSeconds'])
})

t.test('a pause ends a run, and the same command carries on; so it does after a kill', async (t) => {
  const paused = await run({ policy: 'surge=5,pause-at=25%,50%' })
  t.match(paused, { outcome: 'rolled', pauses: 2, kills: 0, violations: [] })
  const killed = await run({ policy: 'surge=5', faults: 'killed@3,killed@20' })
  t.match(killed, { outcome: 'rolled', kills: 2, violations: [] })
})

t.test('a bad release goes back, an exhausted platform needs a person', async (t) => {
  const bad = await run({ faults: 'wrong-release:100@0' })
  t.match(bad, { outcome: 'rolled-back', violations: [] })
  t.match(simulationFacts(bad), { reason: /^m21 serves the wrong release/, lowestHealthy: 20 })
  const stuck = await run({ faults: 'quota@10', policy: 'surge=2,instance-timeout=2m' })
  t.match(stuck, { outcome: 'failed', failure: 'failed', reason: /quota/, violations: [] })
})

t.test('capacity that a fault took is no broken promise', async (t) => {
  const { capacity, violations } = await run({ faults: 'spot:3@5' })
  t.same(violations, [])
  t.match(capacity, { promisedFloor: 20, floor: 17, lowestHealthy: 17 })
})

t.test('events are in virtual time, and the sink is told of them', async (t) => {
  const ats: string[] = []
  const simulation = await run({ onEvent: ({ at }) => void ats.push(at) })
  t.ok(ats.length > 40)
  t.ok(ats.every((at) => Date.parse(at) >= simulation.startMs && Date.parse(at) <= simulation.endMs))
})

t.test('what is printed', async (t) => {
  const simulation = await run({ faults: 'never-boots@10,zone-gone@50%,spot@100000' })
  const lines = simulationLines(simulation)
  t.equal(lines[0], simulationLine(simulation))
  t.match(
    lines[0],
    /^rolled, 20 instances in \d+ s, no policy below \d+ s; \d+ served at the lowest, \d+ promised and possible$/,
  )
  const text = lines.join('\n')
  t.match(text, /what happened:\n.* s {2}fault never-boots: waits for the next machine/)
  t.match(text, /fault zone-gone: the network of zone-[abc] is gone for \d+ s/)
  t.match(text, /1 fault was still to come at the end/)
  t.match(text, /replace m\d+: m\d+ not healthy after 601 s: its machine is booting/)
  t.ok(lines.length <= 80 && lines.every((line) => line.length <= 200))
  t.ok(notableEvents(simulation).length >= 3)
})

t.test('a broken promise is told', async (t) => {
  const simulation = await run({
    instances: 4,
    onCall(world, open) {
      if (world.steps === 2) void open('somebody').terminate('m1')
    },
  })
  t.match(simulation.violations, [/^\d+ s, step \d+: m1 was ended while it served, without draining$/])
  t.match(simulationLines(simulation).join('\n'), /broken promises, a defect of ours:\n.*m1 was ended/)
  t.match(simulationLine(simulation), /; 1 broken promise/)
})

t.test('an interruption ends it', async (t) => {
  const signal = AbortSignal.abort()
  await t.rejects(run({ signal }), { message: /interrupted/, kind: 'interrupted' })
})
