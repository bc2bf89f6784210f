/* Each call of each verb throttled twice: nobody notices but by the time it takes. */
import t from 'tap'
import { eachPassingFault } from './broken-verbs.ts'
import { throttled } from './faults.ts'
import { startVerbGroup } from './verb-group.ts'

t.setTimeout(180_000)
const group = await startVerbGroup()
const { run, succeed, images } = group
const [first, second] = images
await succeed('deploy', '--image', first, '--size', '1', '--yes')
const nothing = async () => {}
const only = process.env.ONLY
const stories = {
  status: { size: 1, prepare: nothing, tell: () => run('status') },
  roll: {
    size: 1,
    prepare: async () => void (await succeed('roll', '--image', first)),
    tell: () => run('roll', '--image', second),
  },
  scale: { size: 2, prepare: async () => void (await succeed('scale', '1')), tell: () => run('scale', '2') },
  create: {
    size: 1,
    prepare: async () => void (await succeed('destroy', '--yes')),
    tell: () => run('deploy', '--image', first, '--size', '1', '--yes'),
  },
  destroy: {
    size: undefined,
    prepare: async () => void (await succeed('deploy', '--image', first, '--size', '1', '--yes')),
    tell: () => run('destroy', '--yes'),
  },
}
for (const [name, story] of Object.entries(stories)) {
  if (only && !only.split(',').includes(name)) continue
  t.test(name, async (t) => {
    const s = Date.now()
    const a = await eachPassingFault(t, group, story, throttled(2))
    console.log('#', name, a.length, Date.now() - s)
  })
}
