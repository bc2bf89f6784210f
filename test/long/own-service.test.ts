// needs: machines, .venv/mitogen
/**
 * A stranger's repository: httpbin from PyPI, the package as npm installs it, and every verb in the order of docs/own-service.md.
 * A planted secret is looked for in every process list meanwhile, in all images and in all logs.
 */
import { createHash } from 'node:crypto'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import pack from '../../tasks/dev/pack.ts'
import { startLoad } from '../../tasks/tools/load.ts'
import { eventually } from '../machines/verbs.ts'
import { filesWith, watchCommandLines } from '../planted-secret.ts'

const repository = join(import.meta.dirname, '../..')
const port = 18_090
const url = `http://127.0.0.1:${port}`
const mark = 'planted-7c41e09b'
const planted = `a ${mark} "value"\nof two lines`
// A folder as people have them; not below the clone, whose package.json would make it the project.
const project = join(mkdtempSync(join(tmpdir(), 'bakeroll-own-')), 'My shop')
const env = { ...process.env, BAKEROLL_LOCAL_PORT: String(port), NODE_OPTIONS: '' }

const commandLines = watchCommandLines(mark)

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

const onMachine = (id: string, words: readonly string[]) =>
  execa('npx', ['bakeroll', 'ssh', '--instance', id, '--', ...words], { cwd: project, env })

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
  const config = join(project, 'bakeroll.config.mts')
  const text = readFileSync(config, 'utf8')
  const needed = "secrets: ['API_KEY'], testEnv: { API_KEY: 'for the test of an image' },"
  writeFileSync(config, text.replace("env: { GREETING: 'hello' },", `$& ${needed}`))
})

t.teardown(async () => {
  await commandLines.stop()
  await bakeroll(['destroy', '--yes'])
  rmSync(join(project, '..'), { recursive: true, force: true })
})

async function keyArrived(t: Test) {
  const answer = await (await fetch(`${url}/key`)).text()
  t.equal(answer.trim(), createHash('sha256').update(planted).digest('hex'), 'the service has its secret')
}

t.test('baked, deployed, checked', async (t) => {
  await succeed(t, ['bake', '--release', '1.0.0'], { verified: true })
  const missing = await bakeroll(['deploy', '--size', '2'])
  t.match(missing, { exitCode: 3, stderr: /API_KEY/ }, 'nothing is deployed without its secret')
  await succeed(t, ['secret', 'set', 'API_KEY'], {}, planted)
  await succeed(t, ['deploy', '--size', '2'], { outcome: 'created' })
  await succeed(t, ['check', '--expect-version', '1.0.0', '--instances', '--timeout', '60s'], { verdict: 'ok' })
  await keyArrived(t)
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
  await onMachine(id, ['sudo', 'docker', 'rm', '--force', 'service'])
  await succeed(t, ['heal'], { outcome: 'healed' })
  await eventually('all is well', async () => (await bakeroll(['check', '--instances'])).exitCode === 0)
})

t.test('the secret is where it has to be, and nowhere else', async (t) => {
  await keyArrived(t)
  t.same(await commandLines.stop(), [], 'in no process list')
  // Docker keeps a container's environment on the disk of its instance.
  const found = await filesWith(mark, join(project, '.bakeroll'), /\/instances\/.*\.qcow2$/)
  t.same(found, ['groups/shop/secrets/API_KEY'], 'in no image, log or record')
  const folders = '/boot /etc /home /opt /root /tmp /usr/local /var --exclude-dir=docker --exclude-dir=containerd'
  // It does not find itself, in the log of sudo or among the processes.
  const pattern = `'[${mark[0]}]${mark.slice(1)}'`
  const search = `sudo grep -rl ${pattern} ${folders}; sudo journalctl | grep ${pattern}; ps axww -o args | grep ${pattern}; true`
  const { facts } = await bakeroll(['status'])
  for (const { id } of facts.instances) t.equal((await onMachine(id, ['sh', '-c', search])).stdout, '', `on ${id}`)
})

t.test('and nothing is left', async (t) => {
  await succeed(t, ['destroy', '--yes'], { left: [] })
})
