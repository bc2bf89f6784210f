// needs: aws, .venv/moto
/* Each permission of roll and rollback missing in turn. */
import t from 'tap'
import { eachPermission } from './broken-verbs.ts'
import { startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, succeed, images } = group
const [first, second] = images
// What cannot be launched is tried again for as long as an instance may take.
process.env['BAKEROLL_ROLL_INSTANCE_TIMEOUT'] = '2s'
await succeed('deploy', '--image', first, '--size', '1', '--yes')

t.test('roll', async (t) => {
  let wanted = first
  const actions = await eachPermission(t, group, {
    size: 1,
    async prepare() {
      wanted = (await run('status')).facts.group.imageId === first ? second : first
    },
    tell: () => run('roll', '--image', wanted),
  })
  t.ok(actions.includes('cloudformation:UpdateStack'), actions.join(' '))
})

t.test('rollback', async (t) => {
  await eachPermission(t, group, { size: 1, prepare: async () => {}, tell: () => run('rollback') })
})
