// needs: aws, .venv/moto
/* Each call of a verb throttled for ever in turn: what is said then, and that the same command carries on. */
import { StopInstancesCommand } from '@aws-sdk/client-ec2'
import t from 'tap'
import type { VerbName } from '../../tasks/settings/verbs.ts'
import { eachPassingFault } from './broken-verbs.ts'
import { throttled } from './faults.ts'
import { pretendService } from './pretend-service.ts'
import { startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, succeed, images, aws } = group
// What moto has in the place of Debian's images.
process.env['BAKEROLL_AWS_SOURCE_OWNER'] = 'amazon'
process.env['BAKEROLL_AWS_SOURCE_NAME'] = 'al2022-ami-*'
await succeed('deploy', '--image', images[0], '--yes')
process.env['AWS_MAX_ATTEMPTS'] = '2'
const nothing = async () => {}

async function stopOne(): Promise<void> {
  const [id = ''] = (await group.snapshot()).scaling[0]?.instances ?? []
  await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }))
}

/** What is told again and again with one more of its calls throttled for ever: `calls` different ones at least. */
const stories: readonly {
  readonly words: readonly [VerbName, ...string[]]
  readonly calls: number
  readonly prepare?: () => Promise<void>
}[] = [
  { words: ['bake', '--plan'], calls: 1 },
  { words: ['status'], calls: 8 },
  { words: ['images'], calls: 8 },
  { words: ['check'], calls: 7 },
  { words: ['deploy', '--yes'], calls: 11 },
  { words: ['heal'], calls: 10, prepare: stopOne },
]

for (const { words, calls, prepare = nothing } of stories) {
  t.test(words.join(' '), async (t) => {
    if (words[0] === 'check') await pretendService(t)
    const story = { size: 2, prepare, tell: () => run(...words) }
    const says = /\w+: (Rate|Request limit) exceeded \(\w+[^)]*\), tried 2 times/
    const actions = await eachPassingFault(t, group, story, throttled(), says)
    t.ok(actions.length >= calls, actions.join(' '))
  })
}
