import t from 'tap'
import { isOwnHost } from './host-check.ts'

t.test('accepts only hosts that are its own', (t) => {
  const ours = [
    '127.0.0.1:9115',
    '[::1]:9115',
    'localhost:9115',
    'exporter:9115',
    'host.example',
    'Mon.example:1',
    undefined,
  ]
  for (const header of ours) t.ok(isOwnHost(header, ['mon.example'], 'Host.example'), header ?? 'none')
  for (const header of ['evil.example', 'evil.example:9115', '127.0.0.1.evil.example', 'host.example.evil', 'a b', ''])
    t.notOk(isOwnHost(header, ['mon.example'], 'host.example'), JSON.stringify(header))
  t.end()
})
