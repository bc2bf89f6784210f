import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import { backingPath, checkHomeIsWritable, closeHome, foldersIn, homeAt, keepClosed } from './home.ts'

/** What a line of code says that another user runs: the kind and the message of its error, or `fine`. */
function asUser(uid: number, line: string): string {
  const module = JSON.stringify(new URL('./home.ts', import.meta.url).href)
  const code = `const { checkHomeIsWritable, homeAt } = await import(${module})
try { ${line}; console.log('fine') } catch (error) { console.log(error.kind + ': ' + error.message) }`
  const program = ['--input-type=module', '-e', code]
  const { stdout, stderr } = spawnSync(process.execPath, program, { uid, gid: uid, encoding: 'utf8', cwd: '/' })
  return stdout || stderr
}

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
      message: `no permission to write ${join(folder, 'file')}, the place for bakeroll's state`,
      hint: 'BAKEROLL_HOME=/your/folder moves it',
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
  // Root may write anywhere, so it asks as nobody.
  const uid = process.getuid?.() === 0 ? 65534 : process.getuid?.()
  t.equal(
    asUser(uid ?? 0, `checkHomeIsWritable(homeAt(${JSON.stringify(join(folder, 'home'))}))`),
    `usage: no permission to write ${folder}, the place for bakeroll's state\n`,
  )
})

t.test('a folder in the home that another user made, root in most cases', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bakeroll-home-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const isRoot = process.getuid?.() === 0
  const uid = isRoot ? 65534 : (process.getuid?.() ?? 0)
  const group = join(folder, 'groups', 'timeapp')
  mkdirSync(group, { recursive: true })
  mkdirSync(join(folder, 'theirs'), { mode: 0o500 })
  if (isRoot) for (const path of [folder, join(folder, 'groups')]) chownSync(path, uid, uid)
  const check = () => asUser(uid, `checkHomeIsWritable(homeAt(${JSON.stringify(folder)}))`)
  chmodSync(group, isRoot ? 0o700 : 0o500)
  t.equal(check(), `usage: no permission to write ${group}: another user, perhaps root, ran bakeroll here\n`)
  if (isRoot) chownSync(group, uid, uid)
  chmodSync(group, 0o700)
  t.equal(check(), 'fine\n')
  chmodSync(join(folder, 'groups'), 0)
  t.match(check(), /^usage: no permission to write .*\/groups: /)
  chmodSync(join(folder, 'groups'), 0o700)
})

/** What others may do with a file or folder, and with everything below it, by path: `{ 'keys/id': '0044' }`. */
function openToOthers(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const paths = [folder, ...entries.filter((entry) => !entry.isSymbolicLink()).map((e) => join(e.parentPath, e.name))]
  return paths.filter((path) => (statSync(path).mode & 0o077) !== 0).map((path) => relative(folder, path))
}

t.test('a home that an earlier version left readable is closed, down to the last file', async (t) => {
  const folder = t.testdir({
    '.bakeroll': {
      'demo-roll.html': '',
      images: { '1.0.0-x': { 'disk.qcow2': '', 'image.json': '' }, '.gone.removed': { 'disk.qcow2': '' } },
      groups: { timeapp: { 'group.json': '', instances: { 'i-1': { 'console.log': '' } } } },
      locks: { '.guard': '' },
      logs: { 'base.log': '' },
      theirs: {},
    },
    elsewhere: { file: '' },
  })
  const home = homeAt(join(folder, '.bakeroll'))
  symlinkSync(join(folder, 'elsewhere', 'file'), join(home.folder, 'logs', 'link'))
  t.ok(openToOthers(home.folder).length > 10)
  closeHome(home)
  t.strictSame(openToOthers(home.folder), ['theirs'], 'what is not ours keeps its own mode, behind a closed door')
  t.equal(statSync(join(home.images, '1.0.0-x', 'image.json')).mode & 0o777, 0o600)
  t.equal(statSync(home.images).mode & 0o777, 0o700)
  t.equal(statSync(join(folder, 'elsewhere', 'file')).mode & 0o777, 0o644, 'no link is followed')
  closeHome(home)
  closeHome(homeAt(join(folder, 'missing')))
})

t.test('a home beside other things, or in a folder for everybody, closes its own folders only', async (t) => {
  const beside = t.testdir({ shop: { 'index.html': '' }, keys: { id_ed25519: '' } })
  closeHome(homeAt(beside))
  t.strictSame(openToOthers(beside).sort(), ['', 'shop', 'shop/index.html'])
  const everybody = mkdtempSync(join(tmpdir(), 'bakeroll-'))
  t.teardown(() => rmSync(everybody, { recursive: true }))
  chmodSync(everybody, 0o1777)
  mkdirSync(join(everybody, 'keys'))
  closeHome(homeAt(everybody))
  t.strictSame(openToOthers(everybody), [''])
})

t.test('what a verb leaves open is closed when it ends', async (t) => {
  const home = homeAt(join(t.testdir(), '.bakeroll'))
  const ends: (() => void)[] = []
  keepClosed(home, (end) => ends.push(end))
  mkdirSync(home.images, { recursive: true })
  t.strictSame(openToOthers(home.folder), ['', 'images'])
  for (const end of ends) end()
  t.strictSame(openToOthers(home.folder), [])
})

t.test('the home of another user', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bakeroll-home-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const askedBy = (uid: number) => asUser(uid, `checkHomeIsWritable(homeAt(${JSON.stringify(folder)}))`)
  if (process.getuid?.() !== 0) return t.pass('not asked', { skip: 'only root can be two other users' })
  chmodSync(folder, 0o777)
  chownSync(folder, 65533, 65533)
  t.equal(askedBy(65534), `usage: ${folder} belongs to another user, who could change the state in it\n`)
  t.equal(askedBy(65533), 'fine\n')
  t.equal(askedBy(0), 'fine\n')
})

/** The folder for sockets that a process gives which finds these variables in its environment. */
function socketFolderIn(env: NodeJS.ProcessEnv, uid = process.getuid?.() ?? 0): string {
  const module = JSON.stringify(new URL('./home.ts', import.meta.url).href)
  const code = `const { homeAt, socketFolder } = await import(${module})
console.log(socketFolder(homeAt('/a/home'), 'bake'))`
  const options = {
    uid,
    gid: uid,
    encoding: 'utf8',
    cwd: '/',
    env: { ...process.env, XDG_RUNTIME_DIR: '', ...env },
  } as const
  return spawnSync(process.execPath, ['--input-type=module', '-e', code], options).stdout.trim()
}

t.test("the folder for sockets is nobody else's, whatever lies in its place", async (t) => {
  const runtime = mkdtempSync('/tmp/bakeroll-test-')
  const folders: string[] = []
  t.teardown(() => {
    for (const folder of [runtime, ...folders]) rmSync(folder, { recursive: true, force: true })
  })
  const at = (env: NodeJS.ProcessEnv, uid?: number) => {
    const folder = socketFolderIn(env, uid)
    folders.push(folder)
    return folder
  }
  const inRuntime = at({ XDG_RUNTIME_DIR: runtime })
  t.match(inRuntime, new RegExp(`^${runtime}/bakeroll/[0-9a-f]{10}$`))
  for (const path of [inRuntime, dirname(inRuntime)]) t.equal(statSync(path).mode & 0o777, 0o700, path)
  t.ok(join(inRuntime, 'tmp', 'packer-plugin1234567890').length < 103, 'short enough for a socket')
  const usual = new RegExp(`^/tmp/bakeroll-${process.getuid?.()}/[0-9a-f]{10}$`)
  t.match(at({}), usual, 'from cron')
  rmSync(join(runtime, 'bakeroll'), { recursive: true })
  symlinkSync(t.testdir(), join(runtime, 'bakeroll'))
  t.match(at({ XDG_RUNTIME_DIR: runtime }), usual, 'a link is not followed')
  chmodSync(runtime, 0o755)
  t.match(at({ XDG_RUNTIME_DIR: runtime }), usual, 'a folder that others may read is none')
  if (process.getuid?.() !== 0) return
  const uid = 64_999
  const taken = `/tmp/bakeroll-${uid}`
  mkdirSync(taken)
  folders.push(taken)
  const another = at({}, uid)
  folders.push(dirname(another))
  t.match(another, new RegExp(`^${taken}-\\w{6}/[0-9a-f]{10}$`), 'the usual name is taken by another user')
  t.match({ uid: statSync(another).uid, mode: statSync(another).mode & 0o777 }, { uid, mode: 0o700 })
})

t.test('a folder that only this process has goes when it is empty, and comes again', async (t) => {
  if (process.getuid?.() !== 0) return t.pass('not tried', { skip: 'only root can be two other users' })
  const uid = 64_997
  const taken = `/tmp/bakeroll-${uid}`
  mkdirSync(taken)
  t.teardown(() => rmSync(taken, { recursive: true }))
  const module = JSON.stringify(new URL('./home.ts', import.meta.url).href)
  const code = `const { homeAt, removeSocketFolder, socketFolder } = await import(${module})
const { readdirSync } = await import('node:fs')
const left = () => readdirSync('/tmp').filter((name) => name.startsWith('bakeroll-${uid}-')).length
const home = homeAt('/a/home')
const counts = []
for (const name of ['one', 'two']) socketFolder(home, name)
counts.push(left())
removeSocketFolder(home, 'one')
counts.push(left())
removeSocketFolder(home, 'two')
counts.push(left())
socketFolder(home, 'three')
counts.push(left())
removeSocketFolder(home, 'three')
console.log([...counts, left()].join(' '))`
  const options = { uid, gid: uid, encoding: 'utf8', cwd: '/', env: { ...process.env, XDG_RUNTIME_DIR: '' } } as const
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], options)
  t.equal(stdout, '1 1 0 1 0\n', stderr)
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
