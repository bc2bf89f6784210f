import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ownProcess, processRuns, stopProcess } from './process.ts'

type Teardown = { teardown(handler: () => unknown): void }

/** A program with `mark` in its command line; it prints a line when it is ready. */
async function standIn(t: Teardown, mark: string, script = ''): Promise<ChildProcess> {
  const code = `${script}; setInterval(() => undefined, 60_000); console.log('ready')`
  const child = spawn(process.execPath, ['-e', code, mark], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout ?? child, 'data')
  return child
}

t.test('a pid file identifies a process only together with its command line', async (t) => {
  const file = join(t.testdir(), 'a b', 'qemu.pid')
  const pidFile = join(t.testdir(), 'pid')
  const child = await standIn(t, file)
  const cases: [what: string, content: string, mark: string, expected: number | undefined][] = [
    ['its own', `${child.pid}\n`, file, child.pid],
    ['without an end of line', `${child.pid}`, file, child.pid],
    ['another mark', `${child.pid}\n`, `${file}2`, undefined],
    ['another program', `${process.pid}\n`, file, undefined],
    ['empty: the writer was stopped half way', '', file, undefined],
    ['no number', 'pid\n', file, undefined],
    ['the first process', '1\n', '', undefined],
    ['a process group', `-${child.pid}\n`, file, undefined],
    ['nobody', '4194305\n', file, undefined],
  ]
  for (const [what, content, mark, expected] of cases) {
    writeFileSync(pidFile, content)
    t.equal(ownProcess(pidFile, mark), expected, what)
    t.equal(processRuns(pidFile, mark), expected !== undefined, what)
  }
  t.equal(ownProcess(join(file, 'missing'), file), undefined, 'no file')
})

t.test('stopping ends the process and removes its pid file, and may be repeated', async (t) => {
  const pidFile = join(t.testdir(), 'pid')
  const child = await standIn(t, pidFile)
  const ended = once(child, 'exit')
  writeFileSync(pidFile, `${child.pid}\n`)
  await stopProcess(pidFile, pidFile)
  t.strictSame(await ended, [null, 'SIGTERM'])
  t.notOk(existsSync(pidFile))
  await stopProcess(pidFile, pidFile)
})

t.test('kills a process that ignores SIGTERM', async (t) => {
  const pidFile = join(t.testdir(), 'pid')
  const child = await standIn(t, pidFile, `process.on('SIGTERM', () => undefined)`)
  const ended = once(child, 'exit')
  writeFileSync(pidFile, `${child.pid}\n`)
  await stopProcess(pidFile, pidFile)
  t.strictSame(await ended, [null, 'SIGKILL'])
})

t.test('removes a stale pid file and leaves the program that now has its number alone', async (t) => {
  const pidFile = join(t.testdir(), 'pid')
  const other = await standIn(t, 'another program')
  writeFileSync(pidFile, `${other.pid}\n`)
  await stopProcess(pidFile, pidFile)
  t.notOk(existsSync(pidFile))
  t.equal(other.exitCode, null)
  t.ok(other.kill(0), 'it runs')
})
