import t from 'tap'
import { verbs } from '../settings/verbs.ts'
import { faultNames, parseFaults } from './fault-text.ts'

t.test('name, count and moment', (t) => {
  const table: [string, unknown[]][] = [
    ['', []],
    ['  ', []],
    ['spot', [{ name: 'spot', count: 1 }]],
    ['never-boots:2', [{ name: 'never-boots', count: 2 }]],
    ['zone-gone@40%', [{ name: 'zone-gone', count: 1, moment: { percent: 40 } }]],
    [
      'killed:3@7 , quota@0',
      [
        { name: 'killed', count: 3, moment: { steps: 7 } },
        { name: 'quota', count: 1, moment: { steps: 0 } },
      ],
    ],
  ]
  for (const [text, faults] of table) t.same(parseFaults(text), faults, text)
  for (const name of Object.keys(faultNames)) t.match(parseFaults(name), [{ name, count: 1 }])
  t.end()
})

t.test('each wrong word is named with its place', (t) => {
  const table: [string, string][] = [
    ['never-boot', '--faults: "never-boot", number 1 of the list: no fault is called "never-boot"'],
    ['spot,', '--faults: "", number 2 of the list: no fault is called ""'],
    ['toString', '--faults: "toString", number 1 of the list: no fault is called "toString"'],
    ['spot:0', '--faults: "spot:0", number 1 of the list: expected a count from 1 to 10000 after the colon, got "0"'],
    [
      'spot:x@3',
      '--faults: "spot:x@3", number 1 of the list: expected a count from 1 to 10000 after the colon, got "x"',
    ],
    [
      'spot:10001',
      '--faults: "spot:10001", number 1 of the list: expected a count from 1 to 10000 after the colon, got "10001"',
    ],
    ['spot@', '--faults: "spot@", number 1 of the list: expected a number of steps or a percent after the @, got ""'],
    [
      'spot@101%',
      '--faults: "spot@101%", number 1 of the list: expected a number of steps or a percent after the @, got "101%"',
    ],
    [
      'spot@-1',
      '--faults: "spot@-1", number 1 of the list: expected a number of steps or a percent after the @, got "-1"',
    ],
  ]
  for (const [text, message] of table) t.throws(() => parseFaults(text), { kind: 'usage', message }, text)
  t.throws(() => parseFaults('a,spot,b'), { message: /"a", number 1 .*\n.*"b", number 3 / })
  t.throws(() => parseFaults('a'), { message: /./, hint: /names: never-boots, .*, killed$/ })
  t.end()
})

t.test('help names every fault', (t) => {
  const [, named = ''] = /Faults: (.*)\.$/.exec(verbs.simulate.about) ?? []
  t.same(named.split(', '), Object.keys(faultNames))
  t.end()
})
