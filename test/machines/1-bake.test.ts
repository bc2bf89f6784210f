import t from 'tap'
import { runVerb } from './verbs.ts'

const releases = ['1.0.0', '1.1.0'] as const

for (const release of releases) {
  t.test(`release ${release} is baked once, tested, and recognised from then on`, async (t) => {
    const first = await runVerb('bake', '--release', release)
    t.equal(first.exitCode, 0, first.stderr)
    t.match(first.facts, { ok: true, release, verified: true })
    const again = await runVerb('bake', '--release', release)
    t.match(again.facts, { ok: true, image: first.facts.image, release, reused: true, verified: true })
  })
}

t.test('a release that was not baked is planned, and nothing is touched', async (t) => {
  const before = await runVerb('images')
  const { facts } = await runVerb('bake', '--release', '9.9.9', '--plan')
  t.match(facts, { ok: true, steps: [/^bake release 9\.9\.9 on the base layer/, /^boot and test/] })
  t.same((await runVerb('images')).facts, before.facts)
})

t.test('the images are listed, newest first, and nothing uses them yet', async (t) => {
  const { facts } = await runVerb('images')
  const listed = facts.images.filter(({ release }: { release: string }) => releases.some((one) => one === release))
  t.match(listed, [
    { release: '1.1.0', verified: true, current: false, usedBy: [] },
    { release: '1.0.0', verified: true, current: false, usedBy: [] },
  ])
})
