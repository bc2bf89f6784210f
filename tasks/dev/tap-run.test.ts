import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'tap'
import type { Progress } from '../lib/progress.ts'
import { fileLine, findSuites, runSuite } from './tap-run.ts'
import { filesAtATime } from './test-pace.ts'

const repository = join(import.meta.dirname, '../..')

function recording(): Progress & { told: string[] } {
  const told: string[] = []
  return { told, event: (message) => told.push(message), live() {}, warn() {}, step: (_, work) => work() }
}

/** A folder inside the repository, so that tests in it find their packages; returns paths as `npm test` would. */
function testFiles(files: Record<string, string>): { folder: string; paths: string[] } {
  mkdirSync(join(repository, '.tap'), { recursive: true })
  const folder = mkdtempSync(join(repository, '.tap/suite-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return { folder, paths: Object.keys(files).map((name) => relative(repository, join(folder, name))) }
}

test('runs broad suites first, then machines one by one, by name', async (t) => {
  const root = t.testdir()
  const names = ['test/machines/2-roll.test.ts', 'test/machines/1-bake.test.ts', 'checker/x.test.ts', 'app/y.test.ts']
  for (const name of [...names, 'tasks/lib/z.test.ts', 'tasks/lib/z.ts', 'test/contract.test.ts']) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), name.startsWith('test/machines') ? '// needs: machines, ps\n' : '')
  }
  const machines = ['test/machines/1-bake.test.ts', 'test/machines/2-roll.test.ts']
  const all = await findSuites([], [], root)
  t.match(all, [{ jobs: filesAtATime }, { jobs: 1 }])
  t.strictSame(
    all.map(({ files }) => files),
    [['test/contract.test.ts', 'app/y.test.ts', 'checker/x.test.ts', 'tasks/lib/z.test.ts'], machines],
  )
  const files = async (...paths: string[]) => (await findSuites(paths, [], root)).map((suite) => suite.files)
  t.strictSame(await files('checker/', './app/y.test.ts'), [['app/y.test.ts', 'checker/x.test.ts']])
  t.strictSame(await files('test/machines'), [machines])
  await t.rejects(findSuites(['check'], [], root), { kind: 'usage', message: 'no test file is at or below check' })
})

test('runs long tests only when they are named', async (t) => {
  const root = t.testdir({ test: { long: { 'busy.test.ts': '' }, 'short.test.ts': '' } })
  const files = async (...paths: string[]) => (await findSuites(paths, [], root)).flatMap((suite) => suite.files)
  t.strictSame(await files(), ['test/short.test.ts'])
  t.strictSame(await files('test'), ['test/short.test.ts'])
  t.strictSame(await files('test/long'), ['test/long/busy.test.ts'])
  t.strictSame(await files('test/long/busy.test.ts'), ['test/long/busy.test.ts'])
})

test('the quick tests are those that need nothing of what is excluded', async (t) => {
  const root = t.testdir({
    test: {
      'machines.test.ts': '// needs: machines\n',
      'moto.test.ts': '// needs: ssh, .venv/moto\n',
      'ssh.test.ts': '// needs: ssh\n',
      'words.test.ts': "t.equal(line, '// needs: machines')\n",
    },
  })
  const suites = await findSuites([], ['machines', '.venv/moto'], root)
  t.strictSame(
    suites.flatMap(({ files }) => files),
    ['test/ssh.test.ts', 'test/words.test.ts'],
  )
})

test('ends a file that hangs after its time limit', async (t) => {
  const { folder, paths } = testFiles({
    'hangs.test.ts': `import { test } from 'tap'\ntest('hangs', async () => { for (;;); })\n`,
  })
  t.teardown(() => rmSync(folder, { recursive: true }))
  const { count, failures } = await runSuite({ files: paths, jobs: 1, timeoutSeconds: 1 }, recording())
  t.match(count, { passed: 0 })
  t.match(failures, [{ name: /hangs\.test\.ts/ }])
})

test('prints one line per file', (t) => {
  const file = { name: 'a.test.ts', seconds: 0.84, passed: 12, failed: 0, skipped: 1 }
  t.equal(fileLine({ ...file, ok: true }), '✓ a.test.ts 12 passed, 1 skipped (0.8 s)')
  t.equal(fileLine({ ...file, ok: false, failed: 2, skipped: 0 }), '✗ a.test.ts 12 passed, 2 failed (0.8 s)')
  t.end()
})

test('runs a suite with tap, counts it and reports its failures in full', async (t) => {
  const { folder, paths } = testFiles({
    'good.test.ts': `import { test } from 'tap'\ntest('a', async (t) => t.ok(true))\ntest('b', { skip: 'no printer' }, async () => {})\n`,
    'bad.test.ts': `import { test } from 'tap'\ntest('c', async (t) => t.equal(1 as number, 2))\nconsole.error('a cry')\n`,
    'broken.test.ts': `import { nothing } from './not-there.ts'\nnothing()\n`,
  })
  t.teardown(() => rmSync(folder, { recursive: true }))
  const progress = recording()
  const { count } = await runSuite({ files: paths, jobs: 2, timeoutSeconds: 30 }, progress)
  t.strictSame(count, { passed: 1, failed: 2, skipped: 1 })
  t.match(progress.told.join('\n'), /✓ .*good\.test\.ts 1 passed, 1 skipped/)
  t.match(progress.told.join('\n'), /^skipped: .*good\.test\.ts > b: no printer$/m)
  t.match(progress.told.join('\n'), /failed: .*bad\.test\.ts > c > .*\n[\s\S]*-2\n[\s\S]*\+1/)
  t.match(progress.told.join('\n'), /a cry/)
})

test('an interrupted suite leaves no test running', async (t) => {
  const { folder, paths } = testFiles({
    'slow.test.ts': `import { writeFileSync } from 'node:fs'\nimport { test } from 'tap'
test('waits', async () => {\n  writeFileSync(import.meta.dirname + '/pid', String(process.pid))
  await new Promise((resolve) => setTimeout(resolve, 60_000))\n})\n`,
  })
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const controller = new AbortController()
  const running = runSuite({ files: paths, jobs: 1, timeoutSeconds: 30 }, recording(), controller.signal)
  const pidFile = join(folder, 'pid')
  while (!existsSync(pidFile)) await new Promise((resolve) => setTimeout(resolve, 50))
  controller.abort()
  await t.rejects(running, { name: 'OperatorError', kind: 'interrupted' })
  const pid = Number(readFileSync(pidFile, 'utf8'))
  for (let wait = 0; wait < 100 && isAlive(pid); wait++) await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(isAlive(pid), false)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
