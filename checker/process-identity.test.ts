import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { isAlive, thisProcess } from './process-identity.ts'

t.test('this process is alive, a later one of the same id is not it', (t) => {
  const own = thisProcess()
  t.equal(isAlive(own), true)
  t.equal(isAlive({ ...own, started: '1' }), false)
  t.equal(isAlive({ ...own, started: '' }), true, 'a start that nobody wrote down is not compared')
  t.end()
})

t.test('what is no process id names nobody, least of all a group of processes', (t) => {
  for (const pid of [0, -1, 1.5, Number.NaN, 4_194_305]) t.equal(isAlive({ pid, started: '' }), false, String(pid))
  t.end()
})

t.test('a process that has ended and is not yet reaped is dead', async (t) => {
  // No shell: one may ask how its child ended before it becomes another program.
  const neverWaits =
    'import os, time\npid = os.fork()\nif not pid: os._exit(0)\nprint(pid, flush=True)\ntime.sleep(600)'
  const parent = spawn('python3', ['-c', neverWaits], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => parent.kill('SIGKILL'))
  const [line] = await once(parent.stdout, 'data')
  const pid = Number(line)
  while (isAlive({ pid, started: '' })) await new Promise(setImmediate)
  t.doesNotThrow(() => process.kill(pid, 0), 'its id is still there')
})
