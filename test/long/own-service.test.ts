// needs: machines, .venv/mitogen
/**
 * A stranger's repository: httpbin from PyPI, and every verb in the order of docs/own-service.md. A planted secret is looked for
 * in every process list meanwhile, in all images and in all logs.
 */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { eventually } from '../machines/verbs.ts'
import { filesWith, watchCommandLines } from '../planted-secret.ts'
import { ownProject } from './own-project.ts'

const { folder, url, bakeroll, succeed, onMachine, underLoad } = await ownProject(t, 'httpbin', 18_090)
const mark = 'planted-7c41e09b'
const planted = `a ${mark} "value"\nof two lines`
const kept = join(folder, '.bakeroll/in-place/local/shop')
const commandLines = watchCommandLines(mark)
t.teardown(() => commandLines.stop())

t.before(() => {
  const config = join(folder, 'bakeroll.config.mts')
  const text = readFileSync(config, 'utf8')
  const needed = "secrets: ['API_KEY'], testEnv: { API_KEY: 'for the test of an image' },"
  writeFileSync(config, text.replace("env: { GREETING: 'hello' },", `$& ${needed}`))
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
  appendFileSync(join(folder, 'app/wsgi.py'), `\n# ${'more '.repeat(4000)}\n`)
  await underLoad(t, '/status/200', () => succeed(t, ['release', '--release', '1.1.0'], { outcome: 'released' }))
  await succeed(t, ['check', '--expect-version', '1.1.0', '--instances', '--timeout', '60s'], { verdict: 'ok' })
})

t.test('what is launched later gets the same, whatever the project holds by now', async (t) => {
  renameSync(join(folder, 'shop.tar'), join(folder, 'moved.tar'))
  t.equal(readdirSync(kept).length, 1)
  await succeed(t, ['scale', '3'], { size: 3 })
  await succeed(t, ['check', '--expect-version', '1.1.0', '--instances', '--timeout', '60s'], { verdict: 'ok' })
  renameSync(join(folder, 'moved.tar'), join(folder, 'shop.tar'))
  await succeed(t, ['scale', '2'], { size: 2 })
})

t.test('then for good, under load', async (t) => {
  await succeed(t, ['bake', '--release', '1.1.0'], { verified: true })
  await underLoad(t, '/status/200', () => succeed(t, ['roll', '--image', '1.1.0'], { outcome: 'rolled' }))
  t.notOk(existsSync(kept), 'nothing is in place any more')
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
  const found = await filesWith(mark, join(folder, '.bakeroll'), /\/instances\/.*\.qcow2$/)
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
