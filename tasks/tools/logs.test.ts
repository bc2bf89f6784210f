import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { followLogs, logScript, readLogs } from './logs.ts'
import { onPath } from './path-fixture.ts'

const signal = new AbortController().signal
const nothing = { sinceSeconds: undefined, grep: undefined }

t.test('every query is a valid shell script', async (t) => {
  for (const follow of [false, true]) {
    for (const sinceSeconds of [undefined, 3600]) {
      for (const grep of [undefined, 'GET /now', `it's "a" $(b) \`c\` \\ d`]) {
        const script = logScript({ sinceSeconds, grep }, follow)
        const { exitCode, stderr } = await execa('sh', ['-n'], { input: script, reject: false })
        t.strictSame([exitCode, stderr], [0, ''], script)
      }
    }
  }
})

t.test('asks the journal for the units, in a way journalctl accepts', async (t) => {
  const said = onPath(t, { journalctl: 'for word in "$@"; do echo "$word"; done' })
  const units = ['nginx', 'docker', 'chrony', 'bakeroll-time', 'bakeroll-identity'].flatMap((unit) => ['--unit', unit])
  const script = logScript({ sinceSeconds: 90, grep: undefined }, false, join(said, 'access.log'))
  const { stdout } = await execa('sh', ['-s'], { input: script, reject: false })
  const asked = ['--no-pager', '--output', 'short-iso', '--quiet', '--since', '-90s', ...units]
  t.strictSame(stdout.split('\n'), asked)
  process.env.PATH = process.env.PATH?.replace(`${said}${delimiter}`, '')
  const real = await execa('journalctl', ['--directory', t.testdir(), ...asked], { reject: false })
  if (real.code === 'ENOENT') return t.pass('no journalctl', { skip: 'no journalctl' })
  t.match(real, { exitCode: 0, stderr: '' })
})

t.test('selects access log lines by time and text', async (t) => {
  const folder = onPath(t, { journalctl: 'echo journal' })
  const accessLog = join(folder, 'access.log')
  const now = Math.floor(Date.now() / 1000)
  const line = (path: string, age: number) => JSON.stringify({ path, unixSeconds: now - age, status: 200 })
  const withFraction = `{"path":"/fraction","unixSeconds":${now - 5}.123}`
  const lines = [line('/old', 7200), line('/new', 10), 'no JSON at all', withFraction, line("/it's", 0)]
  writeFileSync(accessLog, `${lines.join('\n')}\n`)
  const cases: [what: string, spec: Parameters<typeof logScript>[0], expected: (string | undefined)[]][] = [
    ['an hour', { sinceSeconds: 3600, grep: undefined }, ['journal', lines[1], lines[3], lines[4]]],
    ['a day', { sinceSeconds: 86_400, grep: undefined }, ['journal', lines[0], lines[1], lines[3], lines[4]]],
    ['all', nothing, ['journal', ...lines]],
    ['with a text', { sinceSeconds: 3600, grep: `{"path":"/it's"` }, [lines[4]]],
    ['text, not pattern', { sinceSeconds: undefined, grep: 'no.JSON' }, ['']],
    ['a text like an option', { sinceSeconds: undefined, grep: '--help' }, ['']],
  ]
  for (const [what, spec, expected] of cases) {
    const { stdout, exitCode } = await execa('sh', ['-s'], { input: logScript(spec, false, accessLog), reject: false })
    t.strictSame(stdout.split('\n'), expected, what)
    t.equal(exitCode, 0, what)
  }
})

t.test('reads lines over ssh', async (t) => {
  onPath(t, { ssh: 'printf "%s\\n\\n" "$*" two' })
  t.strictSame(await readLogs(['admin@h'], { ...nothing, timeoutSeconds: 60, signal }), ['admin@h sudo sh -s', 'two'])
})

t.test('follows lines one by one until the signal', async (t) => {
  const ended = join(t.testdirName, 'ended')
  const wait = `until [ -e '${ended}' ]; do sleep 0.05; done`
  onPath(t, {
    // ssh gives its command to a shell on the other side.
    ssh: 'shift; exec sh -c "$*"',
    sudo: 'exec "$@"',
    journalctl: `echo "the journal says it's so"; ${wait}`,
    tail: wait,
  })
  const stop = new AbortController()
  const lines: string[] = []
  await followLogs(
    ['admin@h'],
    { sinceSeconds: undefined, grep: "it's", timeoutSeconds: 60, signal: stop.signal },
    (line) => {
      lines.push(line)
      stop.abort()
      // The other end of a connection closes with it.
      writeFileSync(ended, '')
    },
  )
  t.strictSame(lines, ["the journal says it's so"])
})

t.test('following ends with the connection', async (t) => {
  onPath(t, { ssh: 'echo one; echo two; exit 255' })
  const lines: string[] = []
  await followLogs(['admin@h'], { ...nothing, timeoutSeconds: 60, signal }, (line) => lines.push(line))
  t.strictSame(lines, ['one', 'two'])
})
