import t from 'tap'
import { type Count, parseCount } from '../../lib/count.ts'
import { plainPolicy, type RollPolicy } from '../../lib/roll/policy.ts'
import type { Settings } from '../../settings/settings.ts'
import { rollPolicy } from './policy.ts'

const of = (text: string) => parseCount(text) as Count

const unsaid: Settings['roll'] = {
  surge: undefined,
  maxUnavailable: of('0'),
  canary: of('0'),
  canaryWatchSeconds: undefined,
  pauseAt: [],
  pauseSeconds: undefined,
  first: [],
  instanceTimeoutSeconds: undefined,
  timeoutSeconds: 3600,
  beforeRoll: undefined,
  beforeTerminate: undefined,
  afterAccept: undefined,
  hookTimeoutSeconds: 60,
  report: undefined,
  engine: 'own',
}
const terms = (size: number) => ({ size, force: false, instanceTimeoutSeconds: 600 })

t.test('nothing said is the plain policy', (t) => {
  t.same(rollPolicy(unsaid, terms(4)), plainPolicy)
  t.end()
})

t.test('counts and shares of the group', (t) => {
  const table: [said: Partial<Settings['roll']>, size: number, policy: Partial<RollPolicy>][] = [
    [{ surge: of('2') }, 8, { surge: 2, maxUnavailable: 0 }],
    [{ surge: of('25%') }, 8, { surge: 2 }],
    [{ surge: of('25%') }, 2, { surge: 1 }],
    [{ surge: of('3'), maxUnavailable: of('1') }, 8, { surge: 3, maxUnavailable: 1 }],
    [{ maxUnavailable: of('2') }, 8, { surge: 0, maxUnavailable: 2 }],
    [{ maxUnavailable: of('25%') }, 8, { surge: 0, maxUnavailable: 2 }],
    [{ surge: of('0'), maxUnavailable: of('50%') }, 3, { surge: 0, maxUnavailable: 1 }],
    [{ surge: of('0%'), maxUnavailable: of('1') }, 3, { surge: 0, maxUnavailable: 1 }],
    // A quarter of three is not one of three: nothing may be missing, so a machine more is needed.
    [{ maxUnavailable: of('25%') }, 3, { surge: 1, maxUnavailable: 0 }],
    [{ maxUnavailable: of('9') }, 3, { surge: 0, maxUnavailable: 3 }],
    [{ canary: of('10%') }, 3, { canary: 1, canaryWatchSeconds: 0 }],
    [{ canary: of('0%') }, 3, { canary: 0 }],
    [{ canary: of('2'), canaryWatchSeconds: 90 }, 8, { canary: 2, canaryWatchSeconds: 90 }],
    [
      { pauseAt: [of('50%'), of('1'), of('25%'), of('2')], pauseSeconds: 60 },
      8,
      { pauseAt: [1, 2, 4], pauseSeconds: 60 },
    ],
    [{ pauseAt: [of('8'), of('100%'), of('9'), of('7')] }, 8, { pauseAt: [7], pauseSeconds: undefined }],
    [{ pauseAt: [of('1%')] }, 1, { pauseAt: [] }],
    [{ canaryWatchSeconds: 90 }, 8, { canaryWatchSeconds: 0, timeoutSeconds: 3600 }],
    [
      { canary: of('1'), canaryWatchSeconds: 90, pauseAt: [of('1'), of('2')], pauseSeconds: 600 },
      8,
      { timeoutSeconds: 4890 },
    ],
    [{ pauseAt: [of('1'), of('2')] }, 8, { timeoutSeconds: 3600 }],
    [{ first: ['i-2', 'i-1', 'i-2'] }, 3, { first: ['i-2', 'i-1'] }],
  ]
  for (const [said, size, policy] of table) {
    t.match(rollPolicy({ ...unsaid, ...said }, terms(size)), policy, `${JSON.stringify(said)} of ${size}`)
  }
  const { pauseAt } = rollPolicy({ ...unsaid, pauseAt: [of('50%'), of('10'), of('3')] }, terms(100))
  t.strictSame(pauseAt, [3, 10, 50], 'in order of number, not of text')
  t.end()
})

t.test('where nothing may be missing and nothing may be more, nothing could be new', (t) => {
  t.throws(() => rollPolicy({ ...unsaid, surge: of('0'), maxUnavailable: of('25%') }, terms(3)), {
    kind: 'usage',
    message: '--surge: 0 leaves no room for a new instance: --max-unavailable 25% of 3 is none',
  })
  t.end()
})
