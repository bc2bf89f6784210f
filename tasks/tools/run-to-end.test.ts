import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { answerOf, runToEnd } from './run-to-end.ts'

t.test('passes every word unchanged and reads both streams in order', async (t) => {
  const words = ["it's", 'a b', '$HOME', '`x`', '', 'é', '*', 'two\nlines', '-n']
  const { said, failed } = await runToEnd(['printf', '[%s]', ...words])
  t.equal(said, words.map((word) => `[${word}]`).join(''))
  t.notOk(failed)
  const lines: string[] = []
  const script = 'echo one; echo two >&2; echo three; printf four; exit 3'
  const ended = await runToEnd(['sh', '-c', script], { onLine: (line) => void lines.push(line) })
  t.same(lines, ['one', 'two', 'three', 'four'])
  t.match(ended, { failed: true, said: 'one\ntwo\nthree\nfour', cause: { exitCode: 3 } })
})

t.test('gives the program empty input and the given environment', async (t) => {
  t.equal((await runToEnd(['sh', '-c', 'cat; echo "$X"'], { env: { X: 'y' } })).said, 'y\n')
})

t.test('names a program that is not installed', async (t) => {
  t.match(await runToEnd(['no-such-program', 'x']), { failed: true, said: 'no-such-program is not installed' })
  t.equal(await answerOf(['no-such-program']), '')
  t.match(await runToEnd(['tasks']), { said: 'tasks is not installed' }, 'a folder of that name is no program')
  t.match(await runToEnd(['sh', '-c', 'echo x; exit 127']), { failed: true, said: 'x\n' }, 'its own exit code stays')
})

t.test('the answer is the standard output of a program that succeeded', async (t) => {
  t.equal(await answerOf(['sh', '-c', 'echo 1.2; echo warning >&2']), '1.2\n')
  t.equal(await answerOf(['sh', '-c', 'echo 1.2; exit 1']), '')
})

t.test('a stop signals the program and waits for its end', async (t) => {
  const stop = new AbortController()
  const script = 'trap "echo cleaned; exit 0" TERM; echo ready; while :; do sleep 0.05; done'
  const lines: string[] = []
  const onLine = (line: string) => {
    lines.push(line)
    stop.abort()
  }
  const running = runToEnd(['sh', '-c', script], { signal: stop.signal, stopped: 'stopped', onLine })
  await t.rejects(running, { kind: 'interrupted', message: 'stopped' })
  t.same(lines, ['ready', 'cleaned'])
  await t.rejects(runToEnd(['touch', '/nowhere'], { signal: stop.signal }), { message: 'touch was stopped' })
})

t.test('kills a program that ignores a stop', async (t) => {
  const stop = new AbortController()
  const script = 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
  const running = runToEnd(['sh', '-c', script], { signal: stop.signal, onLine: () => stop.abort() })
  await t.rejects(running, { kind: 'interrupted', cause: { signal: 'SIGKILL' } })
})

t.test('the program does not outlive the process that runs it', async (t) => {
  const module = join(import.meta.dirname, 'run-to-end.ts')
  const program = `import { runToEnd } from '${module}'
    await runToEnd(['sh', '-c', 'echo $$; exec sleep 600'], { onLine(pid) { console.log(pid); process.exit() } })`
  const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', program])
  t.match(stdout, /^\d+$/)
  const isThere = () => process.kill(Number(stdout), 0)
  for (let waits = 0; waits < 100; waits++) {
    try {
      isThere()
    } catch {
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.throws(isThere, { code: 'ESRCH' })
})

t.test('a stop also ends what the program left behind', async (t) => {
  const stop = new AbortController()
  const ended = runToEnd(['sh', '-c', 'trap "exit 0" TERM; sleep 300 & echo $!; wait'], {
    signal: stop.signal,
    asGroup: true,
    onLine: () => stop.abort(),
  })
  await t.rejects(ended, { message: 'sh was stopped' })
})
