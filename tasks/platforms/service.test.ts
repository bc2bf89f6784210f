import t from 'tap'
import { usualSettings } from '../settings/settings-fixture.ts'
import { serviceOf, serviceTest, untestedWarning } from './service.ts'

const unsaidService = usualSettings().service

t.test("the example has its own facts, a user's service the usual ones", (t) => {
  t.match(serviceOf(unsaidService), {
    isExample: true,
    port: 3000,
    healthPath: '/healthz',
    timePath: '/now',
    timeFormat: 'iso8601',
  })
  t.match(serviceOf({ ...unsaidService, archive: '/shop.tar' }), {
    isExample: false,
    port: 8000,
    healthPath: '/',
    versionPath: '/version.txt',
    timePath: '/',
    timeFormat: 'http-date',
    bodyLimit: '1m',
    answerTimeoutSeconds: 60,
    nginx: undefined,
  })
  t.end()
})

t.test('what is said counts, and the time is asked where the health is', (t) => {
  const said = { ...unsaidService, image: 'shop:1', healthPath: '/health', env: new Map([['A', '1']]) }
  t.match(serviceOf(said), { timePath: '/health', timeFormat: 'http-date', env: new Map([['A', '1']]) })
  t.match(serviceOf({ ...said, timePath: '/clock' }), { timePath: '/clock', timeFormat: 'auto' })
  t.match(serviceOf({ ...unsaidService, port: 3001, env: new Map([['B', '2']]) }), {
    port: 3001,
    env: new Map([
      ['HOST', '0.0.0.0'],
      ['B', '2'],
    ]),
  })
  t.end()
})

t.test('an image is tested with the values for tests; while a secret has none nginx alone is asked', (t) => {
  const said = {
    ...unsaidService,
    archive: '/shop.tar',
    healthPath: '/health',
    timePath: '/t',
  }
  const expected = { versionPath: '/version.txt', timePath: '/t', timeFormat: 'auto', maxOffsetMs: 7 } as const
  const testOf = (secrets: string[], testEnv: Record<string, string>, more = {}) =>
    serviceTest(serviceOf({ ...said, ...more, secrets, testEnv: new Map(Object.entries(testEnv)) }), expected)
  const whole = { healthPath: '/health', versionPath: '/version.txt', expected, lacking: [] }
  t.strictSame(testOf([], {}), { ...whole, values: new Map() })
  const tested = testOf(['A', 'B'], { A: '1', B: '2', OTHER: '3' })
  const values = new Map([
    ['A', '1'],
    ['B', '2'],
  ])
  t.strictSame(tested, { ...whole, values })
  t.equal(untestedWarning(tested), undefined)
  const lacking = testOf(['A', 'B'], { A: '1' })
  t.match(lacking, {
    healthPath: undefined,
    expected: { versionPath: '/version.txt', timePath: '/version.txt', timeFormat: 'http-date', maxOffsetMs: 7 },
  })
  t.throws(() => testOf(['A'], {}, { versionPath: '/release' }), {
    kind: 'usage',
    message: 'service.versionPath /release is asked of the service, which does not start without A',
  })
  t.equal(untestedWarning(lacking), 'the test of the image leaves the service out: service.testEnv has no value for B')
  t.end()
})
