import t from 'tap'
import { readServerSettings } from './server-settings.ts'

t.test('uses defaults for an empty environment', (t) => {
  t.same(readServerSettings({}, '1.4.0'), {
    release: '1.4.0',
    host: '127.0.0.1',
    port: 3000,
    drainSeconds: 5,
    shutdownSeconds: 25,
  })
  t.end()
})

t.test('reads everything from the environment', (t) => {
  const env = { PORT: '0', HOST: '::1', RELEASE: '2.0.0-rc.1', DRAIN_SECONDS: '0', SHUTDOWN_SECONDS: '60' }
  t.same(readServerSettings(env, '1.4.0'), {
    release: '2.0.0-rc.1',
    host: '::1',
    port: 0,
    drainSeconds: 0,
    shutdownSeconds: 60,
  })
  t.end()
})

t.test('names all bad values at once', (t) => {
  const env = { PORT: '70000', HOST: 'localhost', RELEASE: 'a b', DRAIN_SECONDS: '-1', SHUTDOWN_SECONDS: '' }
  const message = [
    'PORT: expected a whole number from 0 to 65535, got "70000"',
    'DRAIN_SECONDS: expected a whole number from 0 to 3600, got "-1"',
    'SHUTDOWN_SECONDS: expected a whole number from 0 to 3600, got ""',
    'RELEASE: expected a version such as 1.4.0, got "a b"',
    'HOST: expected an IP address, got "localhost"',
  ].join('\n')
  t.throws(() => readServerSettings(env, '1.4.0'), new TypeError(message))
  t.end()
})
