import { join } from 'node:path'
import t from 'tap'
import { readCommandLine } from './command-line.ts'
import { defaultSettings } from './settings.ts'

const url = 'http://localhost:8080'

t.test('without flags the defaults apply', (t) => {
  t.same(readCommandLine([url]), {
    action: 'check',
    targets: [{ url }],
    settings: defaultSettings,
    format: 'text',
    problems: [],
  })
  t.end()
})

t.test('every flag is read, with = or a space', (t) => {
  const file = join(t.testdir(), 'report.json')
  const flags = '--expect-version 1.4.0 --max-offset=500ms --time-path /time --time-format json:/a~1b --version-path=/v'
  const more = '--samples 9 --timeout 3s --warning-latency 20ms --critical-latency 1s --warning-certificate 0 --json'
  const line = readCommandLine([...flags.split(' '), url, ...more.split(' '), '--output', file])
  t.same(line.problems, [])
  t.same(line.settings, {
    expectVersion: '1.4.0',
    maxOffsetMs: 500,
    timePath: '/time',
    timeFormat: { pointer: '/a~1b' },
    versionPath: '/v',
    samples: 9,
    timeoutMs: 3000,
    warningLatencyMs: 20,
    criticalLatencyMs: 1000,
    warningCertificateDays: 0,
  })
  t.equal(line.format, 'json')
  t.equal(line.outputPath, file)
  t.end()
})

t.test('--help and --version need no url', (t) => {
  t.match(readCommandLine(['--help']), { action: 'help', problems: [] })
  t.match(readCommandLine(['--version']), { action: 'version', problems: [] })
  t.end()
})

const formats = 'auto, iso8601, unix, unix-ms, http-date, time-of-day or json:<pointer>'
const duration = 'a duration with its unit, such as 500ms or 1s'
const wrong: [string[], string[]][] = [
  [['--max-offset', '1'], [`--max-offset: expected ${duration}, got "1"`]],
  [['--max-offset', '-1s'], [`--max-offset: expected ${duration}, got "-1s"`]],
  [['--samples', 'two'], ['--samples: expected a whole number from 1 to 100, got "two"']],
  [['--samples=0'], ['--samples: expected a whole number from 1 to 100, got "0"']],
  [['--samples=101'], ['--samples: expected a whole number from 1 to 100, got "101"']],
  [['--timeout', '0s'], [`--timeout: expected ${duration}, from 1ms to 24h, got "0s"`]],
  [['--time-path', 'now'], ['--time-path: expected a path that begins with /, got "now"']],
  [['--version-path', '/a b'], ['--version-path: expected a path that begins with /, got "/a b"']],
  [['--time-format', 'iso'], [`--time-format: expected ${formats}, got "iso"`]],
  [['--time-format', 'json:a'], [`--time-format: expected ${formats}, got "json:a"`]],
  [['--format', 'xml'], ['--format: expected text, json, nagios, prometheus or junit, got "xml"']],
  [['--format', 'text', '--json'], ['--json: contradicts --format text']],
  [['--json=yes'], ['--json: takes no value, got "yes"']],
  [['--expect-version', '--json'], ['--expect-version: expected a value (VERSION)']],
  [['--expect-version='], ['--expect-version: expected a version, got ""']],
  [['--samples', '3', '--samples', '4'], ['--samples: given twice']],
  [['--sampels', '3'], ['--sampels: unknown flag; did you mean --samples?']],
  [['--frobnicate'], ['--frobnicate: unknown flag']],
  [['-v'], ['-v: unknown flag']],
  [['--constructor'], ['--constructor: unknown flag']],
  [
    ['--output', '/nowhere/at/all'],
    ["--output: cannot write /nowhere/at/all: ENOENT: no such file or directory, open '/nowhere/at/.all.PID.tmp'"],
  ],
  [['--output', '/dev/null'], ['--output: /dev/null is not a regular file']],
]

for (const [argv, problems] of wrong) {
  t.test(`refuses ${argv.join(' ')}`, (t) => {
    const found = readCommandLine([url, ...argv]).problems.map((problem) => problem.replace(`${process.pid}`, 'PID'))
    t.same(found, problems)
    t.end()
  })
}

t.test('all problems at once', (t) => {
  const { problems } = readCommandLine(['a.example', '--samples', 'two', '--max-ofset', '1s', '--timeout'])
  t.same(problems, [
    '--max-ofset: unknown flag; did you mean --max-offset?',
    '--timeout: expected a value (DURATION)',
    '--samples: expected a whole number from 1 to 100, got "two"',
    'url "a.example": no scheme; did you mean http://a.example?',
  ])
  t.end()
})
