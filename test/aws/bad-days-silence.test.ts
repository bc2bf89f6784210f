// needs: aws, .venv/moto
/* No answer in time: once on each call of status and roll. */
import t from 'tap'
import { statusAndRoll } from './broken-verbs.ts'
import { silence } from './faults.ts'
import { startVerbGroup } from './verb-group.ts'
import { patience } from './verb-runs.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
await group.succeed('deploy', '--image', group.images[0], '--size', '1', '--yes')
// Each of some thirty silences is waited for to its end.
patience.hereMs = 1000

t.test('no answer in time', (t) => statusAndRoll(t, group, silence, /no answer in time/))
