import t from 'tap'
import { assertRelease, isRelease } from './release-name.ts'

t.test('a release is a version', (t) => {
  for (const good of ['1.4.0', '0.0.1', '10.20.30', '1.5.0-rc.1', '1.5.0-3-gabc']) t.ok(isRelease(good), good)
  for (const bad of ['', '1.4', 'v1.4.0', '1.4.0 ', '1.4.0\n', '1.4.0-', '1.4.0+build', '1.4.0-a/b', '../1.4.0']) {
    t.notOk(isRelease(bad), JSON.stringify(bad))
  }
  t.end()
})

t.test('another name is refused with the name', (t) => {
  const message = 'release: expected a version such as 1.4.0 or 1.5.0-rc.1, got "v1"'
  t.throws(() => assertRelease('v1'), new TypeError(message))
  t.end()
})
