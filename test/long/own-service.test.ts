// needs: machines, .venv/mitogen
/** A stranger's repository: httpbin from PyPI, the package as npm installs it, and every verb in the order of docs/own-service.md. */
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import pack from '../../tasks/dev/pack.ts'
import { startLoad } from '../../tasks/tools/load.ts'
import { eventually } from '../machines/verbs.ts'

const repository = join(import.meta.dirname, '../..')
const port = 18_090
const url = `http://127.0.0.1:${port}`
const planted = 'a planted "value"\nof two lines'
// A folder as people have them; not below the clone, whose package.json would make it the project.
const project = join(mkdtempSync(join(tmpdir(), 'bakeroll-own-')), 'My shop')
const env = { ...process.env, BAKEROLL_LOCAL_PORT: String(port), NODE_OPTIONS: '' }

async function bakeroll(words: readonly string[], input?: string) {
  const all = ['bakeroll', ...words, '--json']
  const options = { cwd: project, env, reject: false } as const
  const { exitCode, stdout, stderr } =
    input === undefined
      ? await execa('npx', all, { ...options, stdin: 'ignore' })
      : await execa('npx', all, { ...options, input })
  return { exitCode, facts: stdout === '' ? undefined : JSON.parse(stdout), stderr }
}

const succeed = async (t: Test, words: readonly string[], facts: object = {}, input?: string) => {
  const outcome = await bakeroll(words, input)
  t.match(outcome, { exitCode: 0, facts }, `${words.join(' ')}: ${outcome.stderr}`)
  t.comment(`${words.join(' ')}: ${outcome.facts?.seconds ?? ''} s`)
  return outcome
}

/** What `work` does while requests come in; none of them may fail. */
async function underLoad(t: Test, work: () => Promise<unknown>) {
  const load = startLoad({ url: `${url}/status/200`, keptPerSecond: 12, newPerSecond: 6 })
  await work()
  const { sent, failed, failures } = await load.stop()
  t.ok(sent > 50, `${sent} requests`)
  t.equal(failed, 0, JSON.stringify(failures))
}

t.before(async () => {
  cpSync(join(repository, 'examples/httpbin'), project, { recursive: true })
  cpSync(join(repository, 'examples/archive.py'), join(project, 'archive.py'))
  const { facts } = await pack()
  await execa('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', String(facts['file'])], {
    cwd: project,
  })
})

t.teardown(async () => {
  await bakeroll(['destroy', '--yes'])
  rmSync(join(project, '..'), { recursive: true, force: true })
})

t.test('baked, deployed, checked', async (t) => {
  const secrets = ['--config', 'bakeroll.config.mts']
  await succeed(t, ['secret', 'set', 'PLANTED', ...secrets], {}, planted)
  await succeed(t, ['bake', '--release', '1.0.0'], { verified: true })
  await succeed(t, ['deploy', '--size', '2'], { outcome: 'created' })
  await succeed(t, ['check', '--expect-version', '1.0.0', '--instances', '--timeout', '60s'], { verdict: 'ok' })
  const body = 'x'.repeat(5_000_000)
  const answer = await fetch(`${url}/post`, { method: 'POST', body })
  t.equal(answer.status, 200)
  t.equal(((await answer.json()) as { data: string }).data.length, body.length, 'an upload arrives whole')
})

t.test('a small change in place, under load', async (t) => {
  appendFileSync(join(project, 'app/wsgi.py'), `\n# ${'more '.repeat(4000)}\n`)
  await underLoad(t, () => succeed(t, ['release', '--release', '1.1.0'], { outcome: 'released' }))
  await succeed(t, ['check', '--expect-version', '1.1.0', '--instances', '--timeout', '60s'], { verdict: 'ok' })
})

t.test('then for good, under load', async (t) => {
  await succeed(t, ['bake', '--release', '1.1.0'], { verified: true })
  await underLoad(t, () => succeed(t, ['roll', '--image', '1.1.0'], { outcome: 'rolled' }))
  await succeed(t, ['check', '--expect-version', '1.1.0', '--instances', '--timeout', '60s'], { verdict: 'ok' })
})

t.test('a container that is gone is healed', async (t) => {
  const { facts } = await bakeroll(['status'])
  const id = facts.instances[0].id
  await execa('npx', ['bakeroll', 'ssh', '--instance', id, '--', 'sudo', 'docker', 'rm', '--force', 'service'], {
    cwd: project,
    env,
  })
  await succeed(t, ['heal'], { outcome: 'healed' })
  await eventually('all is well', async () => (await bakeroll(['check', '--instances'])).exitCode === 0)
})

t.test('and nothing is left', async (t) => {
  await succeed(t, ['destroy', '--yes'], { left: [] })
})
