// needs: test/nodes
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import t from 'tap'
import { buildChecker } from './build.ts'
import { nodes } from './fixtures/nodes.ts'
import { startService, timeService } from './fixtures/service.ts'
import { readScript } from './one-file/load.ts'

const run = promisify(execFile)
const folder = t.testdir()
const file = await buildChecker(join(folder, 'check.mjs'))
const paths = nodes.map(({ path }) => path)
const by = { version: process.version, arch: process.arch, platform: process.platform }

t.test('packages packed as text load without node_modules, on the system Node as well', async (t) => {
  await build({
    entryPoints: [join(import.meta.dirname, 'one-file', 'load.ts')],
    outfile: join(folder, 'load.mjs'),
    format: 'esm',
  })
  const names = ['nodemailer', '@aws-sdk/client-sns', 'prom-client', 'temporal-polyfill']
  writeFileSync(
    join(folder, 'try.mjs'),
    `import { readFileSync } from 'node:fs'
     import { createRequire } from 'node:module'
     import { unpackPackage } from './load.mjs'
     const [file, builtins] = [readFileSync('check.mjs'), createRequire(import.meta.url)]
     for (const name of ${JSON.stringify(names)}) console.log(Object.keys(unpackPackage(file, builtins, name)).join(' '))`,
  )
  for (const node of paths) {
    const { stdout } = await run(node, [join(folder, 'try.mjs')], { cwd: folder })
    for (const name of ['createTransport', 'SNSClient', 'PublishCommand', 'Registry', 'collectDefaultMetrics'])
      t.ok(stdout.split(/\s+/).includes(name), name)
  }
})

t.test('uses the code cache on the Node it was compiled for', async (t) => {
  const bytes = readFileSync(file)
  const cached = readScript(bytes, process.getBuiltinModule, by, file)
  t.equal(cached.cachedDataRejected, false)
  t.equal(readScript(bytes, process.getBuiltinModule, undefined, file).cachedDataRejected, undefined)
})

t.test('runs without the code cache on another Node, and when Node rejects the cache', async (t) => {
  const url = await startService(t, timeService())
  const text = readFileSync(file, 'latin1')
  const lines = text.split('\n')
  const cacheAt = lines.findIndex((line) => line.startsWith('//(function')) + 1
  const refused = lines.with(cacheAt, `//${Buffer.alloc(1000).toString('base64')}`).join('\n')
  const cases = { other: text.replace(`version:"${process.version}"`, 'version:"v0.0.0"'), refused }
  for (const [name, changed] of Object.entries(cases)) {
    t.not(changed, text)
    const path = join(folder, `${name}.mjs`)
    writeFileSync(path, changed, 'latin1')
    for (const node of paths) {
      const { stdout } = await run(node, [path, '--ntp', 'none', url])
      t.match(stdout, ' ok: version ', `${name}, ${node}`)
    }
  }
})

t.test('contains the licence of every bundled package', (t) => {
  const text = readFileSync(file, 'utf8')
  for (const name of [
    '@aws-sdk/client-sns',
    'bcryptjs',
    'mustache',
    'nodemailer',
    'prom-client',
    'tdigest',
    'temporal-polyfill',
    'yaml',
  ]) {
    const inPackage = (path: string) =>
      readFileSync(new URL(`../node_modules/${name}/${path}`, import.meta.url), 'utf8').trim()
    t.match(text, `${name} ${JSON.parse(inPackage('package.json')).version}`)
    t.match(text, inPackage('LICENSE').replaceAll('*/', '*)'), name)
  }
  t.end()
})
