// needs: local
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { packerBuild } from '../tools/packer.ts'
import { metadataNetwork } from '../tools/qemu.ts'
import { homeAt } from './home.ts'
import { operatorKey } from './operator-key.ts'
import { openPlainPaths } from './plain-paths.ts'

const repository = join(import.meta.dirname, '../..')
const odd = `it's a "wéird" $HOME, 50% #1? \\ ${'x'.repeat(200)}`

t.test('any home is seen under a short name of plain letters', async (t) => {
  const odd = `it's a "wéird" $HOME, 50% #1? \\ ${'x'.repeat(200)}`
  const home = homeAt(join(t.testdir(), odd))
  mkdirSync(home.keys, { recursive: true })
  writeFileSync(join(home.keys, 'id'), 'secret')
  const paths = await openPlainPaths(home, '.bake')
  t.teardown(paths.remove)
  const plain = paths.of(join(home.keys, 'id'))
  t.match(plain, /^\/[\w./-]{1,100}$/)
  t.equal(readFileSync(plain, 'utf8'), 'secret')
  t.match(paths.of(home.folder), /^\/[\w./-]{1,90}$/)
  // `packer-plugin` and ten digits are what Packer calls its sockets.
  t.ok(Buffer.byteLength(join(paths.scratchFolder, 'packer-plugin1234567890')) <= 103, paths.scratchFolder)
  t.ok(existsSync(paths.scratchFolder))
})

t.test(
  'the real Packer reads the template and takes the disk of an odd home, up to a QEMU that does not start',
  async (t) => {
    const home = homeAt(join(t.testdir(), odd))
    mkdirSync(home.folder, { recursive: true })
    const paths = await openPlainPaths(home, '.bake')
    t.teardown(paths.remove)
    const at = (name: string) => join(home.folder, name)
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', at('source.qcow2'), '1M'])
    const { privateKeyFile } = await operatorKey(home)
    const build = {
      template: join(repository, 'packer'),
      only: 'qemu.machine',
      onError: 'cleanup' as const,
      variables: {
        layer: 'base',
        name: 'none',
        manifest: at('manifest.json'),
        extra_vars: at('variables.json'),
        ssh_private_key_file: privateKeyFile,
        source_disk: at('source.qcow2'),
        output_directory: at('output'),
        kernel: at('no-kernel'),
        initrd: at('initrd'),
        console: at('console'),
        pid_file: at('pid'),
        metadata_netdev: metadataNetwork(at('metadata.json'), paths.of),
      },
    }
    const run = {
      logFile: at('log'),
      workFolder: home.folder,
      paths,
      signal: new AbortController().signal,
      onTask: () => {},
    }
    const message = `packer failed: QEMU does not start: could not open kernel file '${paths.of(at('no-kernel'))}': No such file or directory`
    await t.rejects(packerBuild(build, run), { message })
  },
)

t.test('so is the clone; what lies elsewhere, and what is no path, stays', async (t) => {
  const home = homeAt(t.testdir())
  const paths = await openPlainPaths(home, '.bake')
  t.teardown(paths.remove)
  const template = paths.of(join(repository, 'packer'))
  t.match(template, /\/project\/packer$/)
  t.ok(existsSync(join(template, 'bakeroll.pkr.hcl')))
  t.same(paths.ofAll({ a: '/usr/bin/node', b: '1.0.0', c: 'tasks', d: '/usr' }), {
    a: '/usr/bin/node',
    b: '1.0.0',
    c: 'tasks',
    d: '/usr',
  })
})

t.test('so is what the clone did not have at the beginning', async (t) => {
  const paths = await openPlainPaths(homeAt(t.testdir()), '.bake')
  t.teardown(paths.remove)
  const later = mkdtempSync(join(repository, '.later-'))
  t.teardown(() => rmSync(later, { recursive: true }))
  writeFileSync(join(later, 'file'), 'there')
  t.equal(readFileSync(paths.of(join(later, 'file')), 'utf8'), 'there')
  t.match(paths.of(join(repository, '.none-yet', 'file')), /\/clone\/\.none-yet\/file$/)
})

t.test('of a home and a clone, one inside the other, the inner one gives the name', async (t) => {
  const inside = homeAt(join(repository, '.bakeroll'))
  const around = homeAt(join(repository, '..'))
  for (const home of [inside, around]) {
    const paths = await openPlainPaths(home, '.bake-nested')
    t.teardown(paths.remove)
    t.match(paths.of(join(repository, 'packer')), /\/project\/packer$/)
    t.match(paths.of(join(home.folder, 'keys', 'id')), /\/home\/keys\/id$/)
  }
})

t.test('the same work has the same names, which go and leave what they lead to', async (t) => {
  const home = homeAt(t.testdir({ kept: 'x' }))
  const [first, second] = [await openPlainPaths(home, '.bake'), await openPlainPaths(home, '.bake')]
  t.equal(first.of(home.keys), second.of(home.keys))
  await second.remove()
  t.notOk(existsSync(first.of(home.folder)))
  t.ok(existsSync(join(home.folder, 'kept')))
})
