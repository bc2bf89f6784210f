import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { lockRun } from './run-lock.ts'

const program = new URL('fixtures/hold-lock.ts', import.meta.url).pathname

/** Starts a process that takes the lock; returns it and its answer. */
async function take(t: Test, file: string): Promise<{ child: ChildProcess; said: string }> {
  const child = fork(program, [file])
  t.teardown(() => child.kill('SIGKILL'))
  const [said] = await once(child, 'message')
  return { child, said: String(said) }
}

t.test('one run at a time; the second is told about the first', async (t) => {
  const folder = t.testdir({})
  const file = join(folder, 'state')
  const { child } = await take(t, file)
  const second = lockRun(file, Date.now())
  t.match(second, { busy: RegExp(`^another run is under way since 20.*Z \\(process ${child.pid}\\)$`) })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const third = lockRun(file, Date.now())
  if ('busy' in third) throw new Error(third.busy)
  t.same(readdirSync(folder), ['state.lock'], 'leaves no other file')
  third.release()
  t.same(readdirSync(folder), [])
})

t.test('only one process takes over the lock of a dead one', async (t) => {
  const file = join(t.testdir({}), 'state')
  const { child } = await take(t, file)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const all = await Promise.all(Array.from({ length: 6 }, () => take(t, file)))
  const said = all.map((one) => one.said)
  t.equal(said.filter((word) => word === 'taken').length, 1, said.join('\n'))
})

t.test('only one of several racing threads gets the lock', async (t) => {
  const folder = t.testdir({})
  const file = join(folder, 'state')
  const dead = {
    token: '0123456789ab',
    pid: process.pid,
    started: '1',
    host: hostname(),
    since: '2026-01-01T00:00:00.000Z',
  }
  const race = new URL('fixtures/race-lock.ts', import.meta.url)
  const workers = Array.from({ length: 4 }, () => new Worker(race, { workerData: file }))
  t.teardown(() => Promise.all(workers.map((worker) => worker.terminate())))
  const tell = async (word: string) => {
    const replies = workers.map((worker) => once(worker, 'message'))
    for (const worker of workers) worker.postMessage(word)
    return (await Promise.all(replies)).map(([reply]) => reply).sort()
  }
  for (let round = 0; round < 100; round += 1) {
    writeFileSync(`${file}.lock`, JSON.stringify(dead))
    const said = await tell('take')
    const left = readdirSync(folder)
    if (String(said) !== 'busy,busy,busy,taken' || String(left) !== 'state.lock') t.fail(`${said}; ${left}`)
    await tell('release')
  }
  t.same(readdirSync(folder), [])
})

t.test('ignores a lock with a reused process id or invalid content', (t) => {
  const folder = t.testdir({})
  const file = join(folder, 'state')
  const holder = {
    token: '0123456789ab',
    pid: process.pid,
    started: '1',
    host: hostname(),
    since: '2026-01-01T00:00:00.000Z',
  }
  for (const content of [JSON.stringify(holder), '', '{', 'null', '{"token":1}']) {
    writeFileSync(`${file}.lock`, content)
    const lock = lockRun(file, Date.now())
    t.match(lock, { release: Function }, content)
    if ('release' in lock) lock.release()
  }
  t.same(readdirSync(folder), [])
  t.end()
})

t.test('reports a lock that cannot be written', (t) => {
  const lock = lockRun(join(t.testdir({}), 'none/state'), Date.now())
  t.match(lock, { problem: /^the lock could not be taken: ENOENT/ })
  t.end()
})

t.test('honours a lock of another host for ten minutes', (t) => {
  const file = join(t.testdir({}), 'state')
  const since = '2026-01-01T00:00:00.000Z'
  writeFileSync(
    `${file}.lock`,
    JSON.stringify({ token: '0123456789ab', pid: 1, started: '1', host: 'elsewhere', since }),
  )
  const after = (ms: number) => lockRun(file, Date.parse(since) + ms)
  t.same(after(599_999), { busy: `another run is under way since ${since} (process 1 on elsewhere)` })
  t.match(after(600_000), { release: Function })
  t.end()
})

t.test('does not release a lock that another run took over', (t) => {
  const file = join(t.testdir({}), 'state')
  const lock = lockRun(file, Date.now())
  const other = readFileSync(`${file}.lock`, 'utf8').replace(/"token":"[^"]*"/, '"token":"ffffffffffff"')
  writeFileSync(`${file}.lock`, other)
  if ('release' in lock) lock.release()
  t.ok(existsSync(`${file}.lock`))
  t.end()
})
