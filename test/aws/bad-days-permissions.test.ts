/* Each permission of each verb missing in turn: what is said, what is left, and that the same command then succeeds. */
import t from 'tap'
import { forEachCall, type Story } from './each-call.ts'
import { denied } from './faults.ts'
import { assertAtRest, assertClear, startVerbGroup } from './verb-group.ts'
import type { VerbEnd } from './verb-runs.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { proxy, run, succeed, images, aws } = group
const [first, second] = images
await succeed('deploy', '--image', first, '--yes')
process.env.BAKEROLL_ROLL_INSTANCE_TIMEOUT = '2s'
const only = process.env.ONLY
interface VerbStory extends Story<VerbEnd> { readonly size: number }
const stories: Record<string, VerbStory> = {
  status: { size: 2, prepare: async () => {}, tell: () => run('status') },
  images: { size: 2, prepare: async () => {}, tell: () => run('images') },
  'scale up': { size: 3, prepare: async () => void (await succeed('scale', '2')), tell: () => run('scale', '3') },
  'scale down': { size: 2, prepare: async () => void (await succeed('scale', '3')), tell: () => run('scale', '2') },
  roll: { size: 1, prepare: async () => { await succeed('scale', '1'); await succeed('roll', '--image', first) }, tell: () => run('roll', '--image', second) },
  rollback: { size: 1, prepare: async () => { await succeed('roll', '--image', first); await succeed('roll', '--image', second) }, tell: () => run('rollback') },
  heal: { size: 2, prepare: async () => {
    const { StopInstancesCommand } = await import('@aws-sdk/client-ec2')
    const [id = ''] = (await group.snapshot()).scaling[0]?.instances ?? []
    await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }))
  }, tell: () => run('heal') },
  change: { size: 2, prepare: async () => { process.env.BAKEROLL_AWS_SERVICE_PARAMETERS = 'InstanceType=t3a.small'; await succeed('deploy', '--yes'); process.env.BAKEROLL_AWS_SERVICE_PARAMETERS = 'InstanceType=t3a.micro'; }, tell: () => run('deploy', '--yes') },
  create: { size: 2, prepare: async () => { await succeed('destroy', '--yes') }, tell: () => run('deploy', '--yes', '--image', first) },
  destroy: { size: 2, prepare: async () => { await succeed('deploy', '--yes', '--image', first) }, tell: () => run('destroy', '--yes') },
}
for (const [name, story] of Object.entries(stories)) {
  if (only && !only.split(',').includes(name)) continue
  t.test(name, {timeout: 300_000}, async (t) => {
    const begun = Date.now()
    const actions = await forEachCall(proxy, { ...story, async tell() { before = await group.snapshot(); return story.tell() } }, denied, async ({ action, result, error, calls }) => {
      if (!result) throw error
      console.log('#', name, action, result.exitCode, result.errors.join(' / '), result.exitCode === 0 ? JSON.stringify(result.facts).slice(0, 100) : result.hint)
      assertClear(t, result, action)
      const after = await group.snapshot()
      if (result.exitCode !== 0) {
        t.match(result.errors[0], `no permission for ${action} as arn:`, action)
        const { isDeepStrictEqual } = await import('node:util')
        t.equal(isDeepStrictEqual(after, before), result.exitCode === 3, `${action}: ${result.exitCode}`)
      }
      const locks = await group.locks()
      if (action !== 'ssm:DeleteParameters') t.same(locks, [], action)
      else { const { DeleteParametersCommand } = await import('@aws-sdk/client-ssm'); if (locks.length) await aws.ssm.send(new DeleteParametersCommand({ Names: locks })) }
      const again = await story.tell()
      t.equal(again.exitCode, 0, `${action}: again: ${again.stderr}`)
      if (name !== 'destroy') await assertAtRest(t, group, story.size, action)
    })
    console.log('#', name, actions.length, Date.now() - begun, 'ms')
  })
}
let before: unknown
