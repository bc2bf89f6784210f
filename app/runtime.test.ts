import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { ask } from './http-fixture.ts'
import { bundlePath, writeRelease } from './release.ts'
import { librariesFrom, runtimeDigest, writeRuntime } from './runtime.ts'
import { startServer } from './server-fixture.ts'

const run = promisify(execFile)
const skip = process.platform === 'linux' ? false : 'a runtime is made on Linux only'

/** A folder outside the repository, because 130 MB are too much for tap's fixtures. */
async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bakeroll-runtime-'))
  t.teardown(() => rm(folder, { recursive: true }))
  return folder
}

/** Covers names, modes and content, but not times. */
async function treeDigest(folder: string): Promise<string> {
  const words = ['--create', '--directory', folder, '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '.']
  const { stdout } = await run('sh', ['-c', 'tar "$@" | sha256sum', 'tar', ...words])
  return stdout
}

t.test('takes the library paths from the output of ldd', (t) => {
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

t.test('the same digest means the same bytes, whatever the umask', { skip }, async (t) => {
  const folder = await temporaryFolder(t)
  const one = await writeRuntime(join(folder, 'one'))
  const before = process.umask(0o077)
  t.teardown(() => process.umask(before))
  const two = await writeRuntime(join(folder, 'two'))
  t.equal(one.digest, two.digest)
  t.equal(await runtimeDigest(), one.digest)
  t.equal(await treeDigest(one.folder), await treeDigest(two.folder))
})

t.test(
  'a release needs nothing but the runtime',
  {
    skip: skip || (process.getuid?.() === 0 ? false : 'chroot needs root'),
  },
  async (t) => {
    const { folder: root } = await writeRuntime(await temporaryFolder(t))
    const bytes = await stat(join(root, 'usr/bin/node'))
    t.equal(bytes.mode & 0o777, 0o755)
    t.match(await readFile(join(root, 'etc/passwd'), 'utf8'), /:65532:65532:/)
    t.match(await readFile(join(root, 'usr/share/doc/node/LICENSE'), 'utf8'), /Node\.js is licensed/)

    const chroot = ['/usr/sbin/chroot', '--userspec=65532:65532', root, '/usr/bin/node']
    const [program = '', ...args] = chroot
    t.equal((await run(program, [...args, '-v'])).stdout.trim(), process.version)

    await writeRelease({ release: '1.4.0', folder: root })
    const server = await startServer(t, {
      command: [...chroot, `/${bundlePath}`],
      env: { DRAIN_SECONDS: '0' },
    })
    t.equal((await ask(`${server.url}/healthz`)).body, 'ok')
    server.kill('SIGTERM')
    t.equal(await server.exitCode, 0)
  },
)
