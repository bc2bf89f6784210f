import t from 'tap'
import { options } from '../options/options.ts'
import { parseTimeServers } from './servers.ts'

const place = { folder: '/', warn: () => {} }

const right: [string, { host: string; port: number }[]][] = [
  ['pool.ntp.org', [{ host: 'pool.ntp.org', port: 123 }]],
  [
    'a.example,192.0.2.1:1123',
    [
      { host: 'a.example', port: 123 },
      { host: '192.0.2.1', port: 1123 },
    ],
  ],
  ['2001:db8::1', [{ host: '2001:db8::1', port: 123 }]],
  ['[2001:db8::1]:11123', [{ host: '2001:db8::1', port: 11_123 }]],
  ['[::1]', [{ host: '::1', port: 123 }]],
]

for (const [text, servers] of right) {
  t.test(`--ntp ${text}`, (t) => {
    t.same(parseTimeServers(text), servers)
    t.end()
  })
}

t.test('refuses invalid time servers', (t) => {
  for (const text of [
    '',
    ',',
    'a,',
    'a,,b',
    'a:0',
    'a:65536',
    'a:x',
    'a b',
    '-a',
    'http://a',
    '[::1',
    'none,a',
    'a\n',
  ]) {
    t.equal(options.ntp.kind.parse(text, place), undefined, JSON.stringify(text))
  }
  t.equal(options.ntp.kind.parse('none', place), 'none')
  t.end()
})
