// needs: machines, .venv/mitogen
import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { runVerb, testHome } from '../machines/verbs.ts'
import { startBusyLoad } from './busy-load.ts'

const load = startBusyLoad({ minutes: 180 })
const group = ['--group', 'busy']

t.teardown(async () => {
  await load.stop()
  await runVerb('destroy', ...group, '--yes')
})

async function removeImagesOf(release: string): Promise<void> {
  const { facts } = await runVerb('images')
  for (const image of facts.images) {
    if (image.release === release) await rm(join(testHome, 'images', image.id), { recursive: true })
  }
}

t.test('a bake with every processor busy succeeds', async (t) => {
  await removeImagesOf('1.2.0')
  for (const release of ['1.1.0', '1.2.0']) {
    const { exitCode, facts, stderr } = await runVerb('bake', '--release', release)
    t.equal(exitCode, 0, stderr)
    t.match(facts, { ok: true, verified: true })
    t.comment(`bake ${release}: ${facts.seconds} s, reused: ${facts.reused}`)
  }
  t.equal(load.alive(), availableParallelism(), 'busy all the time')
})

t.test('so does a roll', async (t) => {
  const deployed = await runVerb('deploy', ...group, '--image', '1.1.0', '--size', '2')
  t.equal(deployed.exitCode, 0, deployed.stderr)
  const rolled = await runVerb('roll', ...group, '--image', '1.2.0')
  t.match(rolled, { exitCode: 0, facts: { outcome: 'rolled' } }, rolled.stderr)
  t.comment(`roll: ${rolled.facts.seconds} s`)
  t.match(await runVerb('check', ...group, '--instances', '--expect-version', '1.2.0', '--timeout', '60s'), {
    exitCode: 0,
  })
  t.equal(load.alive(), availableParallelism(), 'busy all the time')
})
