// needs: aws, .venv/moto
/* Each call of a verb throttled twice: nobody notices but by the time that it takes. */
import t from 'tap'
import { eachPassingFault } from './broken-verbs.ts'
import { throttled } from './faults.ts'
import { startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, succeed, images } = group
const [first, second] = images
await succeed('deploy', '--image', first, '--size', '1', '--yes')

t.test('status', async (t) => {
  const actions = await eachPassingFault(
    t,
    group,
    { size: 1, prepare: async () => {}, tell: () => run('status') },
    throttled(2),
  )
  t.equal(actions.length, 8, actions.join(' '))
})

t.test('scale', async (t) => {
  const prepare = async () => void (await succeed('scale', '1'))
  await eachPassingFault(t, group, { size: 2, prepare, tell: () => run('scale', '2') }, throttled(2))
})

t.test('roll', async (t) => {
  await succeed('scale', '1')
  const wanted = [first, second]
  const prepare = async () => void wanted.reverse()
  const tell = () => run('roll', '--image', wanted[0] ?? '')
  const actions = await eachPassingFault(t, group, { size: 1, prepare, tell }, throttled(2))
  t.ok(actions.includes('autoscaling:TerminateInstanceInAutoScalingGroup'), actions.join(' '))
})
