import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { ask } from './http-fixture.ts'
import { writeRelease } from './release.ts'
import { librariesFrom, runtimeDigest, tarArguments, writeRuntime } from './runtime.ts'
import { startServer } from './server-fixture.ts'

const run = promisify(execFile)
const skip = process.platform === 'linux' ? false : 'a runtime is made on Linux only'

/** A folder outside the repository, because 130 MB are too much for tap's fixtures. */
async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bakeroll-runtime-'))
  t.teardown(() => rm(folder, { recursive: true }))
  return folder
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

t.test('libraries are the paths that ldd names', (t) => {
  const output = [
    '\tlinux-vdso.so.1 (0x00007f099cde1000)',
    '\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f099cceb000)',
    '\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f099c81e000)',
    '\t/lib64/ld-linux-x86-64.so.2 (0x00007f099cde3000)',
  ]
  t.same(librariesFrom(output.join('\n')), [
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib/x86_64-linux-gnu/libm.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ])
  t.throws(() => librariesFrom('\tlibatomic.so.1 => not found\n'), {
    message: 'a library that Node needs is not installed: libatomic.so.1',
  })
  t.end()
})

t.test('the archive leaves out what differs between two runs', (t) => {
  t.same(tarArguments({ root: '/r', tar: '/t.tar' }), [
    '--create',
    '--file',
    '/t.tar',
    '--directory',
    '/r',
    '--format=gnu',
    '--sort=name',
    '--mtime=@0',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '.',
  ])
  t.end()
})

t.test('the same digest means the same bytes, whatever the umask', { skip }, async (t) => {
  const folder = await temporaryFolder(t)
  const one = await writeRuntime(join(folder, 'one'))
  const before = process.umask(0o077)
  t.teardown(() => process.umask(before))
  const two = await writeRuntime(join(folder, 'two'))
  t.equal(one.digest, two.digest)
  t.equal(await runtimeDigest(), one.digest)
  t.equal(await sha256(join(one.folder, 'rootfs.tar')), await sha256(join(two.folder, 'rootfs.tar')))
  const dockerfile = await readFile(join(import.meta.dirname, 'runtime.Dockerfile'), 'utf8')
  t.equal(await readFile(join(one.folder, 'runtime.Dockerfile'), 'utf8'), dockerfile)
})

t.test(
  'a release runs on nothing but the runtime',
  {
    skip: skip || (process.getuid?.() === 0 ? false : 'chroot needs root'),
  },
  async (t) => {
    const folder = await temporaryFolder(t)
    await writeRuntime(folder)
    const root = join(folder, 'root')
    await mkdir(root)
    await run('tar', ['--extract', '--file', join(folder, 'rootfs.tar'), '--directory', root])
    const bytes = await stat(join(root, 'usr/bin/node'))
    t.equal(bytes.mode & 0o777, 0o755)
    t.match(await readFile(join(root, 'etc/passwd'), 'utf8'), /:65532:65532:/)
    t.match(await readFile(join(root, 'usr/share/doc/node/LICENSE'), 'utf8'), /Node\.js is licensed/)

    const chroot = ['/usr/sbin/chroot', '--userspec=65532:65532', root, '/usr/bin/node']
    const [program = '', ...args] = chroot
    t.equal((await run(program, [...args, '-v'])).stdout.trim(), process.version)

    await mkdir(join(root, 'app'))
    await chmod(join(root, 'app'), 0o755)
    const release = await writeRelease({ release: '1.4.0', folder: join(folder, 'release') })
    await copyFile(join(release.folder, 'app.mjs'), join(root, 'app/app.mjs'))
    const server = await startServer(t, {
      command: [...chroot, '/app/app.mjs'],
      env: { DRAIN_SECONDS: '0' },
    })
    t.equal((await ask(`${server.url}/healthz`)).body, 'ok')
    server.kill('SIGTERM')
    t.equal(await server.exitCode, 0)
  },
)
