import t from 'tap'
import { testResult } from './test-run.ts'

t.test('a run ends with the names of the failures, and only the counts on the last line', async (t) => {
  t.match(testResult({ passed: 2, failed: 2, skipped: 1, failures: ['lint: biome', 'a.test.ts > sum'] }), {
    line: 'failed: lint: biome\nfailed: a.test.ts > sum\n2 passed, 2 failed, 1 skipped',
    exitCode: 1,
  })
  t.match(testResult({ passed: 2, failed: 0, skipped: 0, failures: [] }), { line: '2 passed, 0 failed', exitCode: 0 })
  t.equal(testResult({ passed: 0, failed: 0, skipped: 0, failures: [] }).exitCode, 1, 'nothing was tested')
})
