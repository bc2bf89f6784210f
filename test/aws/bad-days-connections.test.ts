// needs: aws, .venv/moto
/* A connection that breaks, an answer that ends in the middle: once on each call of status and roll. */
import t from 'tap'
import { statusAndRoll } from './broken-verbs.ts'
import { broken, cut } from './faults.ts'
import { startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
await group.succeed('deploy', '--image', group.images[0], '--size', '1', '--yes')

t.test('a broken connection', (t) =>
  statusAndRoll(t, group, broken, /ECONNRESET|socket hang up|an answer that cannot be read/),
)
t.test('a cut answer', (t) => statusAndRoll(t, group, cut, /an answer that cannot be read/))
