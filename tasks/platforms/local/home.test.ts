import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { backingPath, checkHomeIsWritable, foldersIn, homeAt, socketFolder } from './home.ts'

t.test('a home is one folder with everything below it', async (t) => {
  t.strictSame(homeAt('/h'), {
    folder: '/h',
    keys: '/h/keys',
    images: '/h/images',
    bases: '/h/bases',
    groups: '/h/groups',
  })
})

t.test('a home that can be written, made or not', async (t) => {
  const folder = t.testdir()
  checkHomeIsWritable(homeAt(folder))
  checkHomeIsWritable(homeAt(join(folder, 'a', 'b', 'c')))
  t.strictSame(foldersIn(folder), [], 'nothing was made')
})

t.test('a file in the way', async (t) => {
  const folder = t.testdir({ file: '' })
  for (const home of ['file', 'file/a/b']) {
    t.throws(() => checkHomeIsWritable(homeAt(join(folder, home))), {
      kind: 'usage',
      message: `no permission to write ${join(folder, 'file')}, where the state of bakeroll belongs`,
      hint: 'BAKEROLL_HOME=/a/folder/of/yours moves it',
    })
  }
})

t.test('a folder that says it may be written, and makes no folder for anybody', async (t) => {
  t.throws(() => checkHomeIsWritable(homeAt('/proc/bakeroll')), {
    kind: 'usage',
    message: /^no permission to write \/proc,/,
  })
})

t.test('a folder of somebody else', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bakeroll-home-'))
  t.teardown(() => {
    chmodSync(folder, 0o755)
    rmSync(folder, { recursive: true })
  })
  chmodSync(folder, 0o555)
  const code = `const { checkHomeIsWritable, homeAt } = await import(${JSON.stringify(new URL('./home.ts', import.meta.url).href)})
try { checkHomeIsWritable(homeAt(${JSON.stringify(join(folder, 'home'))})) } catch (error) { console.log(error.kind + ': ' + error.message) }`
  // Root may write anywhere, so it asks as nobody.
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const asked = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    ...user,
    encoding: 'utf8',
    cwd: '/',
  })
  if (!asked.stdout && /EACCES|ERR_MODULE_NOT_FOUND/.test(asked.error?.message ?? asked.stderr)) {
    return t.pass('not asked', { skip: 'the user nobody cannot read the sources' })
  }
  t.equal(asked.stdout, `usage: no permission to write ${folder}, where the state of bakeroll belongs\n`, asked.stderr)
})

t.test('sockets of a group have a folder for their user alone, wherever the verb was called from', async (t) => {
  const home = homeAt(t.testdir())
  const folder = socketFolder(home, 'one')
  t.teardown(() => {
    for (const name of ['one', 'two']) rmSync(socketFolder(home, name), { recursive: true, force: true })
    rmSync(socketFolder(homeAt('/another/home'), 'one'), { recursive: true, force: true })
  })
  for (const path of [folder, dirname(folder)]) {
    t.equal(statSync(path).mode & 0o777, 0o700, path)
    t.equal(statSync(path).uid, process.getuid?.(), path)
  }
  t.ok(join(folder, 'haproxy.1234567.tmp').length < 107, 'short enough for a socket')
  const { XDG_RUNTIME_DIR, TMPDIR } = process.env
  process.env.XDG_RUNTIME_DIR = t.testdirName
  process.env.TMPDIR = t.testdirName
  t.teardown(() => {
    for (const [name, value] of Object.entries({ XDG_RUNTIME_DIR, TMPDIR })) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  t.equal(socketFolder(home, 'one'), folder, 'from cron as from a login')
  t.not(socketFolder(home, 'two'), folder, 'another group')
  t.not(socketFolder(homeAt('/another/home'), 'one'), folder, 'the same group in another home')
})

t.test('folders, without what is on its way out and without files', async (t) => {
  const folder = t.testdir({ b: {}, a: {}, '.gone.removed': {}, file: '' })
  t.strictSame(foldersIn(folder), ['a', 'b'])
  t.strictSame(foldersIn(join(folder, 'missing')), [])
})

t.test('a backing file as seen from the disk above it', async (t) => {
  t.equal(
    backingPath('/h/groups/g/instances/i-1/disk.qcow2', '/h/images/x/disk.qcow2'),
    '../../../../images/x/disk.qcow2',
  )
})
