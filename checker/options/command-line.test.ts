import { join } from 'node:path'
import t from 'tap'
import { readCommandLine } from './command-line.ts'
import { defaultOptions, options as table } from './options.ts'
import { defaultSettings, settingsOf } from './settings.ts'

const url = 'http://localhost:8080'

t.test('uses the defaults without flags', async (t) => {
  const line = await readCommandLine([url])
  t.match(line, { action: 'check', targets: [{ url }], problems: [], warnings: [] })
  t.same(line.options, defaultOptions())
  t.equal(line.said.size, 0)
  t.same(settingsOf(line.options), defaultSettings)
  t.equal(line.options.format, 'text')
})

t.test('reads every flag, with = or a space', async (t) => {
  const file = join(t.testdir(), 'report.json')
  const flags = '--expect-version 1.4.0 --max-offset=500ms --time-path /time --time-format json:/a~1b --version-path=/v'
  const more = '--samples 9 --timeout 3s --warning-latency 20ms --critical-latency 1s --warning-certificate 0 --json'
  const line = await readCommandLine([...flags.split(' '), url, ...more.split(' '), '--output', file])
  t.same(line.problems, [])
  t.match(settingsOf(line.options), {
    ...defaultSettings,
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
  t.equal(line.options.format, 'json')
  t.equal(line.options.output, file)
})

t.test('collects the values of a repeated flag, and gives --watch a default', async (t) => {
  const file = join(t.testdir(), 'state.json')
  const hooks = ['--notify', 'https://a.example/hook', '--notify=command:notify-send "it is, down"']
  t.match(await readCommandLine([...hooks, '--state', file, '--watch', url]), {
    targets: [{ url }],
    options: {
      notify: [{ url: 'https://a.example/hook' }, { command: 'notify-send "it is, down"' }],
      watchMs: 2000,
    },
    problems: [],
  })
  t.equal((await readCommandLine(['--watch', '5s', url])).options.watchMs, 5000)
  t.equal((await readCommandLine([url, '--watch'])).options.watchMs, 2000)
})

t.test('--history, --uninstall and --serve need no URL', async (t) => {
  const file = join(t.testdir(), 'history.sqlite')
  const commands = [
    ['--history', '--history-file', file],
    ['--uninstall', 'cron'],
    ['--serve', '127.0.0.1:9115'],
  ]
  for (const argv of commands) t.same((await readCommandLine(argv)).problems, [], argv.join(' '))
})

t.test('--help and --version need no url', async (t) => {
  t.match(await readCommandLine(['--help']), { action: 'help', problems: [] })
  t.match(await readCommandLine(['--version']), { action: 'version', problems: [] })
})

const formats = 'auto, iso8601, unix, unix-ms, http-date, time-of-day or json:<pointer>'
const duration = 'a duration with its unit, like 500ms, 30s, 10m or 1h'
const wrong: [string[], string[]][] = [
  [['--max-offset', '1'], [`--max-offset: expected ${duration}, got "1"`]],
  [['--max-offset', '-1s'], [`--max-offset: expected ${duration}, got "-1s"`]],
  [['--samples', 'two'], ['--samples: expected a whole number from 1 to 100, got "two"']],
  [['--samples=0'], ['--samples: expected a whole number from 1 to 100, got "0"']],
  [['--samples=101'], ['--samples: expected a whole number from 1 to 100, got "101"']],
  [['--timeout', '0s'], [`--timeout: expected ${duration}, got "0s"`]],
  [['--time-path', 'now'], ['--time-path: expected a path that begins with /, got "now"']],
  [['--version-path', '/a b'], ['--version-path: expected a path that begins with /, got "/a b"']],
  [['--time-format', 'iso'], [`--time-format: expected ${formats}, got "iso"`]],
  [['--time-format', 'json:a'], [`--time-format: expected ${formats}, got "json:a"`]],
  [['--format', 'xml'], ['--format: expected text, json, nagios, prometheus or junit, got "xml"']],
  [['--format', 'text', '--json'], ['--json: contradicts --format text']],
  [['--json=yes'], ['--json: expected true or false, got "yes"']],
  [['--timeout', '25h'], [`--timeout: expected ${duration}, got "25h": a duration is at most 1d`]],
  [['--every', '1ms'], [`--every: expected ${duration}, got "1ms": it is at least 1s`]],
  [['--format', 'jsn'], ['--format: expected text, json, nagios, prometheus or junit, got "jsn"; did you mean json?']],
  [['--warn', '1s'], ['--warn: unknown flag; did you mean --warning-latency?']],
  [['--expect-version', '--json'], ['--expect-version: expected a version, got nothing']],
  [['--expect-version='], ['--expect-version: expected a version, got ""']],
  [['--samples', '3', '--samples', '4'], ['--samples: given twice']],
  [['--sampels', '3'], ['--sampels: unknown flag; did you mean --samples?']],
  [['--frobnicate'], ['--frobnicate: unknown flag']],
  [['-v'], ['-v: unknown flag']],
  [['--constructor'], ['--constructor: unknown flag']],
  [['--output', '/nowhere/at/all'], ['--output: cannot write /nowhere/at/all: there is no folder /nowhere/at']],
  [['--expect-status', '99'], ['--expect-status: expected a whole number from 200 to 599, got "99"']],
  [['--body-match', '('], ['--body-match: expected a regular expression, got "("']],
  [['--serve', '1:2:3'], ['--serve: expected an address and a port, such as 127.0.0.1:9115, got "1:2:3"']],
  [['--heartbeat', 'token-in-here'], ['--heartbeat: expected a url (https://...)']],
  [['--heartbeat='], ['--heartbeat: expected a url with http or https, got [secret]']],
  [['--install', 'at'], ['--install: expected cron or systemd, got "at"']],
  [['--ca', '/nowhere'], ["--ca: cannot read /nowhere: ENOENT: no such file or directory, open '/nowhere'"]],
  [['--timeout', '5ms'], ['--timeout: 5 ms is shorter than one sample may take, 10 ms']],
  [['--timeout', '1s', '--critical-latency', '2s'], ['--timeout: 1000 ms is shorter than --critical-latency 2000 ms']],
  [['--ipv4', '--ipv6'], ['--ipv4: contradicts --ipv6; without both every address is checked']],
  [['--history'], ['--history: means nothing without --history-file']],
  [['--install', 'cron', '--watch'], ['--install: contradicts --watch']],
  [['--notify', 'mail:a@b.example'], ['--notify: means nothing without --state']],
  [['--output', '/dev/null'], ['--output: /dev/null is not a regular file']],
  [['--output', '/tmp/one', '--badge', '/tmp/../tmp/one'], ['--badge: /tmp/one is also the file of --output']],
  [['--state', '/tmp/one', '--output', '/tmp/one'], ['--state: /tmp/one is also the file of --output']],
]

for (const [argv, problems] of wrong) {
  t.test(`refuses ${argv.join(' ')}`, async (t) => {
    const { problems: found } = await readCommandLine([url, ...argv])
    const told = found.map((problem) => problem.replace(`${process.pid}`, 'PID'))
    t.same(told, problems)
  })
}

t.test('reports all problems at once', async (t) => {
  const { problems } = await readCommandLine(['a.example', '--samples', 'two', '--max-ofset', '1s', '--timeout'])
  t.same(problems, [
    '--max-ofset: unknown flag; did you mean --max-offset?',
    `--timeout: expected ${duration}, got nothing`,
    '--samples: expected a whole number from 1 to 100, got "two"',
    'url "a.example": no scheme; did you mean http://a.example?',
  ])
})

t.test('takes from the environment what no flag sets', async (t) => {
  const environment = {
    BAKEROLL_CHECK_MAX_OFFSET: '250ms',
    BAKEROLL_CHECK_SAMPLES: '7',
    BAKEROLL_CHECK_IPV4: 'true',
    BAKEROLL_CHECK_BODY_MATCH: '',
    BAKEROLL_CHECK_HEARTBEAT: 'https://a.example/s3cret',
    BAKEROLL_CHECK_URLS: 'of Lambda',
    BAKEROLL_CHECK_INSTANCES: 'of the verb',
  }
  const { options, problems } = await readCommandLine([url, '--samples', '9'], environment)
  t.same(problems, [])
  const heartbeat = new URL('https://a.example/s3cret')
  t.match(options, { maxOffsetMs: 250, samples: 9, ipv4: true, bodyMatch: undefined, heartbeat })
})

t.test('names the environment variable in a problem, and shows no secret', async (t) => {
  const { problems } = await readCommandLine([url], {
    BAKEROLL_CHECK_SAMPLES: 'two',
    BAKEROLL_CHECK_IPV6: 'perhaps',
    BAKEROLL_CHECK_NOTIFI: 'x',
    BAKEROLL_CHECK_WATCH: '2s',
    BAKEROLL_CHECK_HEARTBEAT: 's3cret',
    BAKEROLL_CHECK_NOTIFY: ' ',
  })
  t.same(problems, [
    'BAKEROLL_CHECK_NOTIFI: unknown setting; did you mean BAKEROLL_CHECK_NOTIFY?',
    'BAKEROLL_CHECK_WATCH: cannot be set in the environment; pass --watch',
    'BAKEROLL_CHECK_SAMPLES: expected a whole number from 1 to 100, got "two"',
    'BAKEROLL_CHECK_IPV6: expected true or false, got "perhaps"',
    `BAKEROLL_CHECK_NOTIFY: expected ${table.notify.kind.expected}, got [secret]`,
    'BAKEROLL_CHECK_HEARTBEAT: expected a url (https://...)',
  ])
})

t.test('refuses line breaks in one value of a repeated flag', async (t) => {
  const { problems } = await readCommandLine([url, '--notify', 'command:a\nmail:b@c.example'])
  t.match(problems, ['--notify: one value cannot have several lines'])
})
