// needs: aws, .venv/moto
/* Every call of a verb throttled a few times: nobody notices but by the time that it takes. */
import { StopInstancesCommand } from '@aws-sdk/client-ec2'
import t from 'tap'
import type { VerbName } from '../../tasks/settings/verbs.ts'
import type { FaultOf } from './fault-proxy.ts'
import { throttled } from './faults.ts'
import { pretendService } from './pretend-service.ts'
import { assertAtRest, startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, succeed, images, aws, proxy } = group
const [first, second] = images
// What moto has in the place of Debian's images.
process.env['BAKEROLL_AWS_SOURCE_OWNER'] = 'amazon'
process.env['BAKEROLL_AWS_SOURCE_NAME'] = 'al2022-ami-*'
const nothing = async () => {}

/** Each action, the first times that it is called. */
function everyCall(times: number): FaultOf {
  const left = new Map<string, number>()
  return (call, body) => {
    const now = left.get(call.action) ?? times
    left.set(call.action, now - 1)
    return now > 0 ? throttled()(call, body) : undefined
  }
}

async function stopOne(): Promise<void> {
  const [id = ''] = (await group.snapshot()).scaling[0]?.instances ?? []
  await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }))
}

/** One verb after the other on one group: what it finds, its words, what it ends with, and the group's size then. */
const chain: readonly {
  readonly words: readonly [VerbName, ...string[]]
  readonly facts: object
  readonly prepare?: () => Promise<void>
  readonly size?: number
}[] = [
  { words: ['bake', '--plan'], facts: { steps: [/./] } },
  { words: ['deploy', '--image', first, '--yes'], facts: { outcome: 'created', image: first }, size: 2 },
  { words: ['deploy', '--size', '3', '--yes'], facts: { outcome: 'updated', size: 3 }, size: 3 },
  { words: ['images'], facts: { images: [{ id: second }, { id: first, usedBy: [/wanted/] }] }, size: 3 },
  { words: ['check'], facts: { verdict: 'ok' }, size: 3 },
  { words: ['heal'], facts: { outcome: 'healed' }, prepare: stopOne, size: 3 },
  {
    words: ['rollback'],
    facts: { outcome: 'rolled', image: first },
    prepare: async () => void (await succeed('roll', '--image', second)),
    size: 3,
  },
  { words: ['destroy', '--yes'], facts: { left: [] } },
]

for (const { words, facts, prepare = nothing, size } of chain) {
  t.test(
    `${words[0]}${size === 3 && words[0] === 'deploy' ? ' of another size' : ''}: every call throttled twice`,
    async (t) => {
      if (words[0] === 'check') await pretendService(t)
      await prepare()
      proxy.reset()
      proxy.rules.set('*', everyCall(2))
      const end = await run(...words)
      const { calls } = proxy
      t.match(end, { exitCode: 0, facts }, end.stderr)
      t.notMatch(end.stderr, /exceeded|warning/)
      for (const asked of proxy.actions()) {
        const told = calls.filter(({ service, action }) => `${service}:${action}` === asked)
        t.same(
          told.slice(0, 3).map(({ isFaulty }) => isFaulty),
          [true, true, false],
          asked,
        )
      }
      proxy.reset()
      if (size !== undefined) await assertAtRest(t, group, size, words.join(' '))
    },
  )
}
