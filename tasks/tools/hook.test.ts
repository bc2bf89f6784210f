import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { OperatorError } from '../lib/errors.ts'
import { beforeRollCommand, type Hook, hookCommand } from './hook.ts'

const instance = { id: 'i-1', url: 'http://127.10.3.1:8080', imageId: '1.4.0-abc', release: '1.4.0' }

/** Runs a command as a hook; returns its output and its failure. */
async function run(command: string, change: Partial<Hook> = {}, of = instance) {
  const lines: string[] = []
  const hook: Hook = {
    name: 'before-terminate',
    command,
    timeoutSeconds: 60,
    group: 'shop',
    folder: '/',
    progress: { event: (line) => void lines.push(line) },
    ...change,
  }
  const error = await hookCommand(hook)(of).then(
    () => undefined,
    (error: OperatorError) => error,
  )
  return { lines, error }
}

/** The process id that a hook wrote into a file, once it is there. */
async function pidIn(file: string): Promise<number> {
  while (!existsSync(file) || !readFileSync(file, 'utf8').endsWith('\n')) await sleep(10)
  return Number(readFileSync(file, 'utf8'))
}

/** Whether a process runs; a zombie does not. */
function runs(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

t.test('the before-roll hook gets the image', async (t) => {
  const lines: string[] = []
  const progress = { event: (line: string) => void lines.push(line) }
  const hook: Hook = {
    name: 'before-roll',
    command: 'echo $BAKEROLL_HOOK $BAKEROLL_GROUP $BAKEROLL_NEW_IMAGE $BAKEROLL_NEW_RELEASE; exit 3',
    timeoutSeconds: 60,
    group: 'shop',
    folder: '/',
    progress,
  }
  const failed = beforeRollCommand(hook)({ id: '1.4.0-abc', release: '1.4.0' })
  await t.rejects(failed, { kind: 'failed', message: 'before-roll hook failed for 1.4.0-abc (exit 3)' })
  t.same(lines, ['before-roll 1.4.0-abc: before-roll shop 1.4.0-abc 1.4.0'])
})

t.test('a hook gets its instance in the environment', async (t) => {
  const { lines, error } = await run('env | grep ^BAKEROLL_ | grep -v ^BAKEROLL_TEST_ | sort', { name: 'after-accept' })
  t.equal(error, undefined)
  t.same(lines, [
    'after-accept i-1: BAKEROLL_GROUP=shop',
    'after-accept i-1: BAKEROLL_HOOK=after-accept',
    'after-accept i-1: BAKEROLL_INSTANCE_ADDRESS=127.10.3.1',
    'after-accept i-1: BAKEROLL_INSTANCE_ID=i-1',
    'after-accept i-1: BAKEROLL_INSTANCE_IMAGE=1.4.0-abc',
    'after-accept i-1: BAKEROLL_INSTANCE_RELEASE=1.4.0',
    'after-accept i-1: BAKEROLL_INSTANCE_URL=http://127.10.3.1:8080',
  ])
  const six = await run('echo "$BAKEROLL_INSTANCE_ADDRESS"', {}, { ...instance, url: 'http://[2001:db8::1]:80' })
  t.same(six.lines, ['before-terminate i-1: 2001:db8::1'])
})

t.test('what an instance says of itself never becomes part of the command', async (t) => {
  const folder = t.testdir()
  const release = `1.0.0$(touch ${folder}/owned);touch ${folder}/owned'`
  const { lines, error } = await run('echo "$BAKEROLL_INSTANCE_RELEASE"', {}, { ...instance, release })
  t.equal(error, undefined)
  t.same(lines, [`before-terminate i-1: ${release}`])
  t.notOk(existsSync(join(folder, 'owned')))
})

t.test('runs as shell text in the working folder', async (t) => {
  const folder = t.testdir({ file: 'here' })
  const { lines, error } = await run('cat file | tr a-z A-Z && echo; echo yes', { folder })
  t.equal(error, undefined)
  t.same(lines, ['before-terminate i-1: HERE', 'before-terminate i-1: yes'])
})

t.test('reports how a hook failed', async (t) => {
  const cases: [command: string, message: string, timeoutSeconds?: number][] = [
    ['exit 3', 'before-terminate hook failed for i-1 (exit 3)'],
    ['echo no >&2; echo "" >&2; exit 1', 'before-terminate hook failed for i-1 (exit 1): no'],
    [
      'echo first >&2; printf "the last" >&2; echo out; exit 4',
      'before-terminate hook failed for i-1 (exit 4): the last',
    ],
    ['kill -SEGV $$', 'before-terminate hook failed for i-1 (ended by SIGSEGV)'],
    ['sleep 60', 'before-terminate hook failed for i-1 (longer than 0.2 s)', 0.2],
    [
      'trap "echo asked >&2; exit 0" TERM; sleep 60 & wait',
      'before-terminate hook failed for i-1 (longer than 1.5 s): asked',
      1.5,
    ],
  ]
  for (const [command, message, timeoutSeconds = 60] of cases) {
    const { error } = await run(command, { timeoutSeconds })
    t.match(error, { kind: 'failed', message, isLasting: false }, command)
    t.equal(error?.message, message, command)
  }
  const missing = await run('no-such-program-here')
  t.match(missing.error?.message, /^before-terminate hook failed for i-1 \(exit 127\): .*no-such-program-here/)
  const nowhere = await run('true', { folder: '/no/such/folder' })
  t.match(nowhere.error, { kind: 'failed', message: /hook failed for i-1 \(not started: .*ENOENT/ })
})

t.test('a hook that reads stdin gets end of file at once', async (t) => {
  const { lines, error } = await run('cat; read line || echo nothing')
  t.equal(error, undefined)
  t.same(lines, ['before-terminate i-1: nothing'])
})

t.test("the time limit ends the hook's children, too", async (t) => {
  const file = join(t.testdir(), 'pid')
  const { error } = await run(`sleep 1000 & echo $! > ${file}; sleep 1000`, { timeoutSeconds: 1.5 })
  t.match(error, { message: /longer than 1\.5 s/ })
  t.notOk(runs(await pidIn(file)))
})

t.test('kills a hook that ignores SIGTERM', async (t) => {
  const file = join(t.testdir(), 'pid')
  const script = `trap "" TERM; (trap "" TERM; while true; do sleep 1; done) & echo $! > ${file}; while true; do sleep 1; done`
  const { error } = await run(script, { timeoutSeconds: 1.5 })
  t.match(error, { message: /longer than 1\.5 s/ })
  t.notOk(runs(await pidIn(file)))
})

t.test('background processes of the hook end with it and delay nothing', async (t) => {
  const file = join(t.testdir(), 'pid')
  const { error, lines } = await run(`sleep 1000 & echo $! > ${file}; echo done`)
  t.equal(error, undefined)
  t.same(lines, ['before-terminate i-1: done'])
  t.notOk(runs(await pidIn(file)))
})

t.test('a process that left the group delays nothing either', async (t) => {
  const file = join(t.testdir(), 'pid')
  const { error } = await run(
    `setsid sh -c 'echo $$ > ${file}; exec sleep 1000' & while ! test -s ${file}; do sleep 0.1; done`,
  )
  t.equal(error, undefined)
  const pid = await pidIn(file)
  t.ok(runs(pid))
  process.kill(pid, 'SIGKILL')
})

t.test('the operator can stop it before it starts and while it runs', async (t) => {
  const file = join(t.testdir(), 'pid')
  const early = await run(`touch ${file}`, { signal: AbortSignal.abort() })
  t.match(early.error, { kind: 'interrupted', message: 'the before-terminate hook of i-1 was stopped' })
  t.notOk(existsSync(file))

  const interruption = new AbortController()
  const running = run(`sleep 1000 & echo $! > ${file}; wait`, { signal: interruption.signal })
  const pid = await pidIn(file)
  interruption.abort()
  t.match((await running).error, { kind: 'interrupted' })
  t.notOk(runs(pid))
})

t.test('a hook ends with its process, even when that exits at once', async (t) => {
  const file = join(t.testdir(), 'pid')
  const script = `
    import { hookCommand } from ${JSON.stringify(join(import.meta.dirname, 'hook.ts'))}
    const command = 'echo $$ > ${file}; exec sleep 1000'
    const hook = { name: 'after-accept', command, timeoutSeconds: 60, group: 'g', folder: '/', progress: { event() {} } }
    hookCommand(hook)(${JSON.stringify(instance)})
    process.stdin.once('data', () => process.exit(130))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'ignore', 'inherit'] })
  const pid = await pidIn(file)
  t.ok(runs(pid))
  child.stdin.write('end\n')
  t.same(await once(child, 'exit'), [130, null])
  while (runs(pid)) await sleep(10)
  t.pass('it ended')
})
