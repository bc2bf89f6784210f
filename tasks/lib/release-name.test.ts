import t from 'tap'
import { assertRelease, isRelease } from './release-name.ts'

t.test('a release is one plain word', (t) => {
  for (const good of ['1.4.0', '0.0.1', '1.5.0-rc.1', '1.5.0-3-gabc', 'v1.2.3', '9cf32fa', 'a_b', 'x'.repeat(64)]) {
    t.ok(isRelease(good), good)
  }
  for (const bad of [
    '',
    '1.4.0 ',
    '1.4.0\n',
    '1.4.0+build',
    '1.4.0-a/b',
    '../1.4.0',
    '-1',
    '.1',
    '$x',
    'x'.repeat(65),
  ]) {
    t.notOk(isRelease(bad), JSON.stringify(bad))
  }
  t.end()
})

t.test('another name is refused with the name', (t) => {
  const message = /^release: expected a version like 1\.4\.0, 1\.4\.0-rc\.1 or 9cf32fa: .*, got "a b"$/
  t.throws(() => assertRelease('a b'), { message })
  t.end()
})
