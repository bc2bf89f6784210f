import t from 'tap'
import { plainPolicy, type RollPolicy } from '../../lib/roll/policy.ts'
import type { Settings } from '../../settings/settings.ts'
import { rollPolicy } from './policy.ts'

const unsaid: Settings['roll'] = {
  batch: undefined,
  maxUnavailable: '0',
  canary: '0',
  canaryWatchSeconds: undefined,
  pauseAt: [],
  pauseSeconds: undefined,
  first: [],
  instanceTimeoutSeconds: undefined,
  timeoutSeconds: 3600,
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
    [{ batch: '2' }, 8, { surge: 2, maxUnavailable: 0 }],
    [{ batch: '25%' }, 8, { surge: 2 }],
    [{ batch: '25%' }, 2, { surge: 1 }],
    [{ batch: '3', maxUnavailable: '1' }, 8, { surge: 3, maxUnavailable: 1 }],
    [{ maxUnavailable: '2' }, 8, { surge: 0, maxUnavailable: 2 }],
    [{ maxUnavailable: '25%' }, 8, { surge: 0, maxUnavailable: 2 }],
    [{ batch: '0', maxUnavailable: '50%' }, 3, { surge: 0, maxUnavailable: 1 }],
    [{ batch: '0%', maxUnavailable: '1' }, 3, { surge: 0, maxUnavailable: 1 }],
    // A quarter of three is not one of three: nothing may be missing, so a machine more is needed.
    [{ maxUnavailable: '25%' }, 3, { surge: 1, maxUnavailable: 0 }],
    [{ maxUnavailable: '9' }, 3, { surge: 0, maxUnavailable: 3 }],
    [{ canary: '10%' }, 3, { canary: 1, canaryWatchSeconds: 0 }],
    [{ canary: '0%' }, 3, { canary: 0 }],
    [{ canary: '2', canaryWatchSeconds: 90 }, 8, { canary: 2, canaryWatchSeconds: 90 }],
    [{ pauseAt: ['50%', '1', '25%', '2'], pauseSeconds: 60 }, 8, { pauseAt: [1, 2, 4], pauseSeconds: 60 }],
    [{ pauseAt: ['8', '100%', '9', '7'] }, 8, { pauseAt: [7], pauseSeconds: undefined }],
    [{ pauseAt: ['1%'] }, 1, { pauseAt: [] }],
    [{ canaryWatchSeconds: 90 }, 8, { canaryWatchSeconds: 0, timeoutSeconds: 3600 }],
    [{ canary: '1', canaryWatchSeconds: 90, pauseAt: ['1', '2'], pauseSeconds: 600 }, 8, { timeoutSeconds: 4890 }],
    [{ pauseAt: ['1', '2'] }, 8, { timeoutSeconds: 3600 }],
    [{ first: ['i-2', 'i-1', 'i-2'] }, 3, { first: ['i-2', 'i-1'] }],
  ]
  for (const [said, size, policy] of table) {
    t.match(rollPolicy({ ...unsaid, ...said }, terms(size)), policy, `${JSON.stringify(said)} of ${size}`)
  }
  const { pauseAt } = rollPolicy({ ...unsaid, pauseAt: ['50%', '10', '3'] }, terms(100))
  t.strictSame(pauseAt, [3, 10, 50], 'in order of number, not of text')
  t.end()
})

t.test('where nothing may be missing and nothing may be more, nothing could be new', (t) => {
  t.throws(() => rollPolicy({ ...unsaid, batch: '0', maxUnavailable: '25%' }, terms(3)), {
    kind: 'usage',
    message: '--batch: 0 leaves no room for a new instance: --max-unavailable 25% of 3 is none',
  })
  t.end()
})
