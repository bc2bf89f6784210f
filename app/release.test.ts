import { copyFile, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { ask } from './http-fixture.ts'
import { releaseDigest, writeRelease } from './release.ts'
import { startServer } from './server-fixture.ts'

t.test('a release is its bundle, Dockerfile, nginx configuration and version', async (t) => {
  const folder = join(t.testdir(), 'new')
  const { files } = await writeRelease({ release: '1.5.0-rc.1', folder })
  t.same(files, ['Dockerfile', 'app.mjs', 'nginx/nginx.conf', 'version.txt'])
  t.equal(await readFile(join(folder, 'version.txt'), 'utf8'), '1.5.0-rc.1\n')
  t.match(await readFile(join(folder, 'Dockerfile'), 'utf8'), 'org.opencontainers.image.version="1.5.0-rc.1"')
  t.match(await readFile(join(folder, 'nginx/nginx.conf'), 'utf8'), 'listen 0.0.0.0:80 default_server;')
})

t.test('the bundle carries the licences of what is in it', async (t) => {
  const { folder } = await writeRelease({ release: '1.4.0', folder: t.testdir() })
  const text = await readFile(join(folder, 'app.mjs'), 'utf8')
  for (const name of ['hono', '@hono/node-server'])
    t.match(text, (await readFile(join('node_modules', name, 'LICENSE'), 'utf8')).trim(), name)
})

t.test('whatever the umask, the files are for everybody to read', async (t) => {
  const before = process.umask(0o077)
  t.teardown(() => process.umask(before))
  const { folder, files } = await writeRelease({ release: '1.4.0', folder: t.testdir() })
  for (const file of files) t.equal((await stat(join(folder, file))).mode & 0o777, 0o644, file)
})

t.test('the bundle runs alone in an empty folder', async (t) => {
  const { folder } = await writeRelease({ release: '1.4.0', folder: t.testdir({ empty: {} }) })
  const cwd = join(folder, 'empty')
  await copyFile(join(folder, 'app.mjs'), join(cwd, 'app.mjs'))
  const server = await startServer(t, { command: [process.execPath, 'app.mjs'], cwd })
  const { body } = await ask(`${server.url}/now`, { headers: { accept: 'application/json' } })
  t.match(JSON.parse(body), { release: '1.4.0' })
})

t.test('the digest follows the release and nothing else', async (t) => {
  const folders = t.testdir({ one: {}, two: {} })
  const one = await writeRelease({ release: '1.4.0', folder: join(folders, 'one') })
  const cwd = process.cwd()
  t.teardown(() => process.chdir(cwd))
  process.chdir(folders)
  const two = await writeRelease({ release: '1.4.0', folder: join(folders, 'two') })
  t.equal(one.digest, two.digest)
  t.match(one.digest, /^[0-9a-f]{64}$/)
  t.equal(await releaseDigest('1.4.0'), one.digest)
  t.not(await releaseDigest('1.4.1'), one.digest)
  for (const file of one.files) {
    t.same(await readFile(join(one.folder, file)), await readFile(join(two.folder, file)), file)
  }
})

t.test('another name than a version is refused before anything is written', async (t) => {
  const folder = join(t.testdir(), 'new')
  const refusal = { message: 'release: expected a version such as 1.4.0 or 1.5.0-rc.1, got "latest"' }
  await t.rejects(writeRelease({ release: 'latest', folder }), refusal)
  await t.rejects(stat(folder), { code: 'ENOENT' })
  await t.rejects(releaseDigest('latest'), refusal)
})
