import { test } from 'tap'
import { TapReport, type TestFile } from './tap-report.ts'

const output = `TAP version 14
1..5
# Subtest: a.test.ts
    # Subtest: outer
        # Subtest: good
            ok 1 - should be equal
            ok 2 - should be equal
            1..2
        ok 1 - good # time=2.945ms
        # Subtest: bad
            not ok 1 - should be equal
              ---
              at:
                lineNumber: 4
              diff: |
                --- expected
                +++ actual
                -2
                +1
              ...
            1..1
        not ok 2 - bad # time=28.027ms
        ok 3 - left out # SKIP no kvm
        ok 4 - an assertion between subtests
        1..4
    not ok 1 - outer # time=46.632ms
    ok 2 - later # TODO later
    1..2
not ok 1 - a.test.ts # time=60.5ms
# Subtest: flat.test.ts
    ok 1 - top
    ok 2 - top2
    1..2
ok 2 - flat.test.ts # time=1500ms
# Subtest: mixed.test.ts
    # Subtest: fine
        ok 1 - yes
        1..1
    ok 1 - fine
    not ok 2 - thrown outside of a test
    1..2
not ok 3 - mixed.test.ts # time=3ms
not ok 4 - crashed.test.ts # time=9ms
  ---
  exitCode: 1
  signal: null
  ...
ok 5 - absent.test.ts # SKIP no tests found
`

function report(text: string, exitCode: number, pieceSize = text.length) {
  const files: TestFile[] = []
  const tap = new TapReport((file) => files.push(file))
  for (let at = 0; at < text.length; at += pieceSize) tap.write(text.slice(at, at + pieceSize))
  tap.end(exitCode)
  return { files, count: tap.count, failures: tap.failures }
}

test('counts tests, not assertions or the suites around tests', (t) => {
  const { count, files } = report(output, 1)
  t.strictSame(count, { passed: 3, failed: 3, skipped: 3 })
  t.strictSame(files, [
    { name: 'a.test.ts', ok: false, seconds: 0.0605, passed: 1, failed: 1, skipped: 2 },
    { name: 'flat.test.ts', ok: true, seconds: 1.5, passed: 1, failed: 0, skipped: 0 },
    { name: 'mixed.test.ts', ok: false, seconds: 0.003, passed: 1, failed: 1, skipped: 0 },
    { name: 'crashed.test.ts', ok: false, seconds: 0.009, passed: 0, failed: 1, skipped: 0 },
    { name: 'absent.test.ts', ok: true, seconds: 0, passed: 0, failed: 0, skipped: 1 },
  ])
  t.end()
})

test('reads output in pieces of any size', (t) => {
  t.strictSame(report(output, 1, 7), report(output, 1))
  t.end()
})

test('reports a failure in full, with its whole name', (t) => {
  t.strictSame(report(output, 1).failures, [
    {
      name: 'a.test.ts > outer > bad > should be equal',
      details: 'at: {"lineNumber":4}\ndiff:\n  --- expected\n  +++ actual\n  -2\n  +1',
    },
    { name: 'mixed.test.ts > thrown outside of a test', details: '' },
    { name: 'crashed.test.ts', details: 'exitCode: 1\nsignal: null' },
  ])
  t.end()
})

test('a runner that dies is a failure, whatever it printed before', (t) => {
  const good = 'TAP version 14\n# Subtest: a\n    ok 1 - x\n    1..1\nok 1 - a\n1..1\n'
  t.strictSame(report(good, 0).count, { passed: 1, failed: 0, skipped: 0 })
  t.strictSame(report(good, 137).count, { passed: 1, failed: 1, skipped: 0 })
  t.match(report('', 1).failures, [{ name: 'tap', details: /exit code 1/ }])
  t.equal(
    report(good.replace('1..1\nok', '1..1\nok').replace(/1\.\.1\n$/, '1..2\n'), 0).count.failed,
    1,
    'an unmet plan',
  )
  t.end()
})
