import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readCommandLine } from './command-line.ts'
import { readTargetFile, readTargets, type TargetFile } from './target-list.ts'

t.test('reads the settings of targets and modules', async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'services.txt')
  const text = [
    'module http_2xx time-path=/ time-format=http-date expect-status=204',
    'module login module=http_2xx authorization=@login   # of a file beside this one',
    'https://a.example expect-version=1.4.0 max-offset=250ms ipv4=true ca=ca.pem',
    'https://b.example module=http_2xx expect-status=200 body-match="a \\"b\\" #c"',
    'https://c.example module=login header="X-A: 1" header="X-B: 2"',
    'https://d.example/#x',
  ]
  writeFileSync(file, text.slice(0, 5).join('\n'), { mode: 0o600 })
  writeFileSync(join(folder, 'login'), 'ops:geheim\n', { mode: 0o600 })
  const asked = { timePath: '/', timeFormat: 'http-date' }
  const warnings: string[] = []
  const place = { folder: '/', warn: (line: string) => void warnings.push(line) }
  const found = (await readTargetFile(file, place)) as TargetFile
  const list = readTargets([], found)
  t.same(list.problems, [])
  t.match(list.targets, [
    {
      url: 'https://a.example',
      options: { expectVersion: '1.4.0', maxOffsetMs: 250, ipv4: true, ca: join(folder, 'ca.pem') },
    },
    { url: 'https://b.example', options: { ...asked, expectStatus: 200, bodyMatch: { source: 'a "b" #c' } } },
    {
      url: 'https://c.example',
      options: {
        ...asked,
        expectStatus: 204,
        authorization: 'Basic b3BzOmdlaGVpbQ==',
        header: [
          { name: 'X-A', value: '1' },
          { name: 'X-B', value: '2' },
        ],
      },
    },
  ])
  t.same([...found.modules.keys()], ['http_2xx', 'login'])
  t.same(warnings, [])
  writeFileSync(join(folder, 'open'), 'https://a.example authorization=geheim\n', { mode: 0o644 })
  await readTargetFile(join(folder, 'open'), place)
  t.same(warnings, [`${folder}/open:1: others may read the secret in it: chmod 600 ${folder}/open`])
})

t.test('reports problems with file and line, and without secrets', async (t) => {
  const file = join(t.testdir(), 'services.txt')
  const cases: [string, string][] = [
    ['http://a.example expect-verison=1', ':1: expect-verison: unknown setting, expected time-path, '],
    ['http://a.example timeout=1s', ':1: timeout: unknown setting'],
    ['http://a.example notify=mail:a@b.example', ':1: notify: unknown setting'],
    ['http://a.example samples=two', ':1: samples: expected a whole number from 1 to 100, got "two"'],
    ['http://a.example samples=1 samples=2', ':1: samples: given twice'],
    ['http://a.example s3cret', ':1: expected key=value; a value with spaces'],
    ['\nhttp://a.example authorization=@none', ':2: authorization: cannot read '],
    [
      'http://a.example authorization=Bearer s3cret==',
      ':1: unknown setting, or a value with spaces but no double quotes',
    ],
    ['http://a.example header=s3cret', ':1: header: no colon, expected NAME: VALUE'],
    ['http://a.example module=x', ':1: module: "x" is not defined above'],
    ['module', ':1: module: expected a name'],
    ['module a\nmodule a', ':2: module a: given twice'],
    ['http://a.example ipv4=true ipv6=true', 'http://a.example: --ipv4: contradicts --ipv6'],
    ['http://a.example ca=none.pem', 'http://a.example: --ca: cannot read '],
    ['http://a.example critical-latency=1m', 'http://a.example: --timeout: 10 s is shorter than'],
  ]
  for (const [text, problem] of cases) {
    writeFileSync(file, text, { mode: 0o600 })
    const { problems } = await readCommandLine(['--targets', file])
    t.ok(
      problems.some((one) => one.includes(problem)),
      `${text}: ${problems}`,
    )
    t.notMatch(problems.join(), 's3cret')
  }
  writeFileSync(file, 'module login authorization=ops:geheim', { mode: 0o600 })
  const serving = ['--serve', '127.0.0.1:0', '--targets', file]
  t.match((await readCommandLine(serving)).problems, [/^module login: --authorization: anyone who reaches \/probe/])
  t.same((await readCommandLine([...serving, '--probe-hosts', 'a.example'])).problems, [])
})
