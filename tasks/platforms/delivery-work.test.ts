import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { clearDeliveryWork, isDeliveryWork } from './delivery-work.ts'
import { homeAt } from './home.ts'
import { removeLeftovers } from './local/bakery.ts'

/** A process that delivers, to one instance, by a program that outlives it, as does what that one has started. */
async function deliverer(t: Test, homeFolder: string) {
  const own = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)
  const code = `const { openDeliveryWork, instanceWork } = await import(${own('./delivery-work.ts')})
const { homeAt } = await import(${own('./home.ts')})
const { runToEnd } = await import(${own('../tools/run-to-end.ts')})
const { mkdirSync } = await import('node:fs')
const work = await openDeliveryWork(homeAt(${JSON.stringify(homeFolder)}), () => {})
const { folder, pidFile } = instanceWork(work, 'i-1')
mkdirSync(folder)
const script = 'trap "" TERM PIPE; sleep 600 & trap - TERM; echo "$$ $!"; while :; do sleep 600; done'
const argv = ['sh', '-c', script, work.paths.of(folder) + '/variables.json']
await runToEnd(argv, { asGroup: true, pidFile, onLine: (pids) => console.log(work.folder + ' ' + work.paths.scratchFolder + ' ' + pids) })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const [folder = '', scratch = '', ...pids] = line.split(' ')
  return { child, folder, scratch, pids: pids.map(Number) }
}

function runs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')[0] !== 'Z'
  } catch {
    return false
  }
}

t.test('what a living process works with stays, beside a bake too; what a killed one left goes', async (t) => {
  const home = homeAt(t.testdir({ work: { 'release-1.0.0-x': {} } }))
  const { child, folder, scratch, pids } = await deliverer(t, home.folder)
  t.ok(existsSync(join(folder, 'i-1', 'ansible.pid')))
  await clearDeliveryWork(home)
  t.ok(existsSync(join(home.folder, 'work', 'release-1.0.0-x')), "another bake's")
  await removeLeftovers(home)
  t.strictSame(readdirSync(join(home.folder, 'work')).map(isDeliveryWork), [true])
  t.ok(existsSync(scratch))
  t.strictSame(pids.map(runs), [true, true])

  child.kill('SIGKILL')
  await once(child, 'exit')
  t.strictSame(pids.map(runs), [true, true], 'Ansible goes on alone')
  await clearDeliveryWork(home)
  t.strictSame(readdirSync(join(home.folder, 'work')), [])
  t.notOk(existsSync(scratch))
  t.strictSame(pids.map(runs), [false, false])
})

t.test('without any work, and with what only looks like it', async (t) => {
  const home = homeAt(t.testdir({ home: {} }))
  await clearDeliveryWork(home)
  for (const name of ['in-place-', 'in-place-x-1', 'in-place-1'])
    mkdirSync(join(home.folder, 'work', name), { recursive: true })
  await clearDeliveryWork(home)
  t.equal(readdirSync(join(home.folder, 'work')).length, 3)
})
