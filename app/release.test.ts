import { copyFile, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { ask } from './http-fixture.ts'
import { bundlePath, releaseDigest, writeRelease } from './release.ts'
import { startServer } from './server-fixture.ts'

t.test('the bundle contains the licences of its packages', async (t) => {
  const folder = t.testdir()
  await writeRelease({ release: '1.4.0', folder })
  const text = await readFile(join(folder, bundlePath), 'utf8')
  for (const name of ['hono', '@hono/node-server'])
    t.match(text, (await readFile(join('node_modules', name, 'LICENSE'), 'utf8')).trim(), name)
})

t.test('the release is world-readable, whatever the umask', async (t) => {
  const before = process.umask(0o077)
  t.teardown(() => process.umask(before))
  const folder = t.testdir()
  await writeRelease({ release: '1.4.0', folder })
  t.equal((await stat(join(folder, bundlePath))).mode & 0o777, 0o644)
  t.equal((await stat(join(folder, 'app'))).mode & 0o777, 0o755)
})

t.test('the bundle runs on its own in an empty folder', async (t) => {
  const folder = t.testdir({ empty: {} })
  await writeRelease({ release: '1.4.0', folder })
  const cwd = join(folder, 'empty')
  await copyFile(join(folder, bundlePath), join(cwd, 'app.mjs'))
  const server = await startServer(t, { command: [process.execPath, 'app.mjs'], cwd })
  const { body } = await ask(`${server.url}/now`, { headers: { accept: 'application/json' } })
  t.match(JSON.parse(body), { release: '1.4.0' })
})

t.test('the digest depends on the release only', async (t) => {
  const folders = t.testdir({ one: {}, two: {} })
  const one = await writeRelease({ release: '1.4.0', folder: join(folders, 'one') })
  const cwd = process.cwd()
  t.teardown(() => process.chdir(cwd))
  process.chdir(folders)
  t.equal(await writeRelease({ release: '1.4.0', folder: join(folders, 'two') }), one)
  t.match(one, /^[0-9a-f]{64}$/)
  t.equal(await releaseDigest('1.4.0'), one)
  t.not(await releaseDigest('1.4.1'), one)
  t.same(await readFile(join(folders, 'one', bundlePath)), await readFile(join(folders, 'two', bundlePath)))
})
