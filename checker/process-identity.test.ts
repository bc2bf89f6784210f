import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { isAlive, thisProcess } from './process-identity.ts'

t.test('this process is alive, and a later one with the same id is not it', (t) => {
  const own = thisProcess()
  t.equal(isAlive(own), true)
  t.equal(isAlive({ ...own, started: '1' }), false)
  t.equal(isAlive({ ...own, started: '' }), true, 'an unknown start is not compared')
  t.end()
})

t.test('an invalid process id is never alive', (t) => {
  for (const pid of [0, -1, 1.5, Number.NaN, 4_194_305]) t.equal(isAlive({ pid, started: '' }), false, String(pid))
  t.end()
})

t.test('a zombie is dead', async (t) => {
  // Not a shell: some reap a child before they exec the next program.
  const neverWaits =
    'import os, time\npid = os.fork()\nif not pid: os._exit(0)\nprint(pid, flush=True)\ntime.sleep(600)'
  const parent = spawn('python3', ['-c', neverWaits], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => parent.kill('SIGKILL'))
  const [line] = await once(parent.stdout, 'data')
  const pid = Number(line)
  while (isAlive({ pid, started: '' })) await new Promise(setImmediate)
  t.doesNotThrow(() => process.kill(pid, 0), 'its id still exists')
})
