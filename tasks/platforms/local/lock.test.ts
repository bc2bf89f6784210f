import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { lockOwnerOf, takeLock } from './lock.ts'

const lockModule = JSON.stringify(new URL('./lock.ts', import.meta.url).href)

/** Takes every lock whose path it reads, and says `won`, with the verb of whom it took it over from, or `refused`. */
const taker = `
import { createInterface } from 'node:readline'
const { takeLock } = await import(${lockModule})
console.log('ready')
for await (const file of createInterface({ input: process.stdin })) {
  await takeLock(file, 'deploy').then(
    ({ takenOver }) => console.log('won ' + (takenOver?.verb ?? '')),
    (error) => console.log(error.kind ?? error.stack),
  )
}
`

interface Taker {
  readonly process: ChildProcess
  take(file: string): Promise<string>
}

async function startTaker(t: { teardown(handler: () => unknown): void }): Promise<Taker> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', taker], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => String((await lines.next()).value)
  await next()
  return {
    process: child,
    take: (file) => {
      child.stdin.write(`${file}\n`)
      return next()
    },
  }
}

t.test('one holder at a time', async (t) => {
  const file = join(t.testdir(), 'locks', 'group')
  t.equal(lockOwnerOf(file), undefined)
  const lock = await takeLock(file, 'roll')
  t.notOk('takenOver' in lock)
  t.match(lockOwnerOf(file), { verb: 'roll', owner: new RegExp(`@${hostname()}, process ${process.pid}$`) })
  await t.rejects(takeLock(file, 'heal'), {
    kind: 'refused',
    message: new RegExp(`^roll has been running for \\d+ s \\(.+@${hostname()}, process ${process.pid}\\)$`),
    hint: 'wait for it to finish; npm run status shows the group',
  })
  t.equal((await takeLock(`${file}2`, 'heal')).takenOver, undefined, 'another group is free')
  await takeLock(`${file}3`, 'bake')
  await t.rejects(takeLock(`${file}3`, 'bake'), {
    kind: 'refused',
    message: /^bake has been running/,
    hint: 'wait for it to finish',
  })
  await lock.release()
  t.equal(lockOwnerOf(file), undefined)
  await lock.release()
  await (await takeLock(file, 'heal')).release()
  t.notOk(existsSync(file))
})

t.test('a refusal tells the age', async (t) => {
  const file = join(t.testdir(), 'lock')
  await takeLock(file, 'bake')
  const since = new Date(Date.now() - 90_000).toISOString()
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), since }))
  await t.rejects(takeLock(file, 'heal'), { kind: 'refused', message: /^bake has been running for 9\d s \(/ })
})

t.test('a release by somebody else, or by one who lost the lock, frees nothing', async (t) => {
  const file = join(t.testdir(), 'lock')
  const first = await takeLock(file, 'roll')
  const { token: _, ...rest } = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...rest, token: 'another' }))
  await first.release()
  t.match(lockOwnerOf(file), { verb: 'roll' })
})

t.test('a file that names no living process is no lock', async (t) => {
  const dead = { verb: 'roll', owner: 'x', since: new Date().toISOString(), token: 'x', started: '1' }
  const cases: [what: string, content: string, verb: string | undefined][] = [
    ['half written', '{"verb": "ro', undefined],
    ['empty', '', undefined],
    ['null', 'null', undefined],
    ['a number', '12', undefined],
    ['nothing in it', '{}', undefined],
    ['a process that is not there', JSON.stringify({ ...dead, pid: 4_194_305 }), 'roll'],
    ['a process id used again by another program', JSON.stringify({ ...dead, pid: process.pid }), 'roll'],
  ]
  for (const [what, content, verb] of cases) {
    const file = join(t.testdir({ lock: content }), 'lock')
    t.equal(lockOwnerOf(file), undefined, what)
    const lock = await takeLock(file, 'heal')
    t.equal(lock.takenOver?.verb, verb, what)
    t.match(lockOwnerOf(file), { verb: 'heal' }, what)
    await lock.release()
    t.strictSame(
      readdirSync(join(file, '..')).filter((name) => name !== '.guard'),
      [],
      `${what}: nothing is left`,
    )
  }
})

t.test('what a process left that was killed while it took the lock keeps nobody out', async (t) => {
  const folder = t.testdir({ '.lock.draft': '{"pid":', '.guard': '' })
  const lock = await takeLock(join(folder, 'lock'), 'heal')
  await lock.release()
  t.strictSame(readdirSync(folder), ['.guard'])
})

t.test('ten processes at once: one wins, also over a dead owner', async (t) => {
  const folder = t.testdir()
  const takers = await Promise.all(Array.from({ length: 10 }, () => startTaker(t)))
  for (let round = 0; round < 40; round++) {
    const file = join(folder, `lock-${round}`)
    const isTakenOver = round % 2 === 1
    if (isTakenOver) writeFileSync(file, JSON.stringify({ verb: 'bake', pid: 4_194_305, token: 'dead' }))
    const answers = await Promise.all(takers.map((taker) => taker.take(file)))
    const expected = [...Array(9).fill('refused'), isTakenOver ? 'won bake' : 'won ']
    t.strictSame(answers.sort(), expected, `round ${round}`)
  }
})

t.test('the lock of a killed process is taken over', async (t) => {
  const file = join(t.testdir(), 'lock')
  const taker = await startTaker(t)
  t.equal(await taker.take(file), 'won ')
  await t.rejects(takeLock(file, 'heal'), {
    kind: 'refused',
    message: new RegExp(`^deploy has been running for \\d+ s \\(.+, process ${taker.process.pid}\\)$`),
  })
  taker.process.kill('SIGKILL')
  await once(taker.process, 'exit')
  t.equal(lockOwnerOf(file), undefined)
  const lock = await takeLock(file, 'heal')
  t.match(lock.takenOver, { verb: 'deploy', owner: new RegExp(`process ${taker.process.pid}$`) })
  await lock.release()
})

t.test('a guard that somebody holds is a refusal which says so', async (t) => {
  const folder = t.testdir()
  await (await takeLock(join(folder, 'lock'), 'roll')).release()
  const guard = join(folder, '.guard')
  t.equal(statSync(guard).mode & 0o777, 0o600, 'whoever could read it could hold it')
  const code = `import { DatabaseSync } from 'node:sqlite'
new DatabaseSync(${JSON.stringify(guard)}).exec('BEGIN EXCLUSIVE')
console.log('held')
setInterval(() => {}, 60_000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')
  await t.rejects(takeLock(join(folder, 'lock'), 'scale', 100), {
    kind: 'refused',
    message: `another process has held ${guard} for 0.1 s`,
    hint: 'lslocks names the process',
  })
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  await (await takeLock(join(folder, 'lock'), 'scale')).release()
})
