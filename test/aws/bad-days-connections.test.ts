/* A connection that breaks, an answer that ends in the middle: once on each call of status and roll. */
import t from 'tap'
import { eachPassingFault } from './broken-verbs.ts'
import type { Fault } from './fault-proxy.ts'
import { broken, cut } from './faults.ts'
import { startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, succeed, images } = group
await succeed('deploy', '--image', images[0], '--size', '1', '--yes')

const faults: readonly (readonly [string, Fault, RegExp])[] = [
  ['a broken connection', broken, /the connection broke|an answer that is cut off|the emulator at/],
  ['a cut answer', cut, /an answer that is cut off|the emulator at/],
]

for (const [day, fault, says] of faults) {
  t.test(`status: ${day}`, async (t) => {
    const story = { size: 1, prepare: async () => {}, tell: () => run('status') }
    const actions = await eachPassingFault(t, group, story, { ...fault, times: 1 }, says)
    t.equal(actions.length, 8, actions.join(' '))
  })

  t.test(`roll: ${day}`, async (t) => {
    const wanted = [...images]
    const isOn = async (image: string) => (await run('status')).facts.group.imageId === image
    if (await isOn(images[1])) wanted.reverse()
    const story = {
      size: 1,
      prepare: async () => void wanted.reverse(),
      tell: () => run('roll', '--image', wanted[0] ?? ''),
    }
    await eachPassingFault(t, group, story, { ...fault, times: 1 }, says)
  })
}
