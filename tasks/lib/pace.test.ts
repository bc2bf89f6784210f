import t from 'tap'
import { crowdingOf, limitsAt, type PaceFacts, paceFrom } from './pace.ts'

const quiet: PaceFacts = { accelerator: 'kvm', workMs: 36, stretch: 1, load: 0, processors: 4, cpus: 2 }

t.test('the factor and its reason', async (t) => {
  const cases: [what: string, facts: Partial<PaceFacts>, factor: number, because: string][] = [
    ['a quiet computer with KVM', {}, 1, 'KVM: 1'],
    ['a quicker processor is no reason to hurry', { workMs: 9 }, 1, 'KVM: 1'],
    ['plain emulation', { accelerator: 'tcg' }, 3, 'plain emulation: 3'],
    ['half the processor', { workMs: 72 }, 2, 'KVM: 1, a slow processor: 2'],
    ['others want the processors, too', { load: 6 }, 2, 'KVM: 1, load 6.0 on 4 processors: 2'],
    ['a load that has just begun', { stretch: 2.5 }, 2.5, 'KVM: 1, load 0.0 on 4 processors: 2.5'],
    [
      'two processors, both busy, plain emulation',
      { accelerator: 'tcg', load: 2, processors: 2 },
      6,
      'plain emulation: 3, load 2.0 on 2 processors: 2',
    ],
    [
      'a boot that took longer than all of that says',
      { accelerator: 'tcg', boot: { seconds: 90, crowding: 1 } },
      6,
      'the last boot took 90 s: 6',
    ],
    [
      'a long boot on a crowded computer is no slow computer',
      { accelerator: 'tcg', boot: { seconds: 90, crowding: 2 } },
      3,
      'plain emulation: 3',
    ],
    [
      'a quick boot on a quiet computer, now busy',
      { accelerator: 'tcg', load: 6, boot: { seconds: 20, crowding: 1 } },
      6,
      'plain emulation: 3, load 6.0 on 4 processors: 2',
    ],
    [
      'at most 15, so that a dead machine is told at some time',
      { accelerator: 'tcg', load: 400 },
      15,
      'plain emulation: 3, load 400.0 on 4 processors: 10',
    ],
  ]
  for (const [what, facts, factor, because] of cases) {
    t.same(paceFrom({ ...quiet, ...facts }), { factor, because }, what)
  }
  t.same(paceFrom(quiet, 7), { factor: 7, because: 'set by local.pace' })
})

t.test('crowding counts the machine itself', async (t) => {
  t.equal(crowdingOf({ ...quiet, processors: 1 }), 2)
  t.equal(crowdingOf({ ...quiet, processors: 2, load: 4 }), 3)
})

t.test('every limit grows with the factor, and the outer ones stay longer than the inner ones', async (t) => {
  const [once, thrice] = [limitsAt(1), limitsAt(3)]
  for (const [name, limit] of Object.entries(once)) t.equal(thrice[name as keyof typeof thrice], 3 * limit, name)
  for (const factor of [1, 1.7, 15]) {
    const limits = limitsAt(factor)
    t.ok(limits.scriptSeconds > limits.serviceSeconds && limits.serviceSeconds > limits.connectSeconds)
    t.ok(limits.instanceSeconds > limits.bootSeconds && limits.repairSeconds > limits.commandSeconds)
    t.ok(Object.values(limits).every(Number.isInteger))
  }
  t.ok(limitsAt(3).bootSeconds <= 300, 'a dead machine on a quiet computer without KVM')
  t.ok(limitsAt(15).bootSeconds <= 1800, 'and on the busiest')
})
