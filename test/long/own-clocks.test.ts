// needs: machines, .venv/mitogen
/** Two services of other languages that tell the time in other formats, on both releases of Debian, baked and rolled. */
import t from 'tap'
import { ownProject } from './own-project.ts'

const services = [
  { example: 'unix-clock', suite: 'trixie', health: '/healthz', format: 'unix' },
  { example: 'wall-clock', suite: 'bookworm', health: '/health', format: 'time-of-day' },
] as const

for (const { example, suite, health, format } of services) {
  t.test(`${example} on Debian ${suite}`, async (t) => {
    process.env['BAKEROLL_IMAGE_SUITE'] = suite
    const { bakeroll, succeed, underLoad } = await ownProject(t, example, 18_091)
    const checked = async (release: string) => {
      const words = ['check', '--expect-version', release, '--instances', '--timeout', '60s']
      const { exitCode, facts } = await bakeroll(words)
      t.equal(exitCode, 0, facts.summary)
      for (const { clock } of facts.targets) t.match(clock, { format, limitMs: 1000 })
    }
    await succeed(t, ['bake', '--release', '1.0.0'], { verified: true })
    await succeed(t, ['deploy', '--size', '1'], { outcome: 'created' })
    await checked('1.0.0')
    await succeed(t, ['bake', '--release', '1.1.0'], { verified: true })
    await underLoad(t, health, () => succeed(t, ['roll'], { outcome: 'rolled' }))
    await checked('1.1.0')
    await succeed(t, ['destroy', '--yes', '--images'], { left: [] })
  })
}
