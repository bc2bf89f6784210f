/** The package as npm installs it, in projects that are not ours. */
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import pack from '../tasks/dev/pack.ts'

const top = t.testdir({
  'my shop': {
    'package.json': '{ "name": "@acme/Shop", "version": "2.3.4", "type": "commonjs" }',
    'bakeroll.config.mts': `import type { Config } from 'bakeroll'
export default { size: 3, local: { port: 18123 }, roll: { batch: '25%' },
  service: { archive: 'shop.tar' } } satisfies Config`,
    'empty.mts': 'export default {}',
    src: {},
    root: { main: '' },
  },
  'other shop': { Dockerfile: 'FROM scratch\nEXPOSE 5000\n', 'package.json': '{ "type": "commonjs" }' },
})
// Not below the clone, whose package.json makes it a project.
const plain = mkdtempSync(join(tmpdir(), 'plain-'))
t.teardown(() => rmSync(plain, { recursive: true, force: true }))
const project = join(top, 'my shop')
const home = join(top, 'home')

/** As a user's shell has it, who has another home and no npm above. */
const env: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  HOME: home,
  ...network(),
  ...(await npmSettings()),
}

/** How this computer reaches the registry. */
function network(): NodeJS.ProcessEnv {
  const isOfNetwork = /^(NODE_EXTRA_CA_CERTS|(https?|no)_proxy)$/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => isOfNetwork.test(name)))
}

async function npmSettings(): Promise<NodeJS.ProcessEnv> {
  const { stdout } = await execa('npm', ['config', 'list', '--json'])
  const { cache, registry, cafile } = JSON.parse(stdout)
  return {
    npm_config_cache: cache,
    npm_config_registry: registry,
    ...(cafile === null ? {} : { npm_config_cafile: cafile }),
  }
}

const run = (program: string, words: readonly string[], cwd: string) =>
  execa(program, words, { cwd, env, extendEnv: false, stdin: 'ignore', reject: false })
const npx = (words: readonly string[], cwd = project) => run('npx', ['bakeroll', ...words], cwd)

const { facts } = await pack()
const tarball = String(facts['file'])
const installed = join(project, 'node_modules/bakeroll')

/** Every file of the installed package, with its size and when it was written. */
function filesOfPackage(): string[] {
  const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files
    .map(({ parentPath, name }) => join(parentPath, name).slice(installed.length + 1))
    .map((file) => `${file} ${statSync(join(installed, file)).size} ${statSync(join(installed, file)).mtimeMs}`)
    .sort()
}

t.before(async () => {
  mkdirSync(home)
  const words = ['install', '--save-dev', '--prefer-offline', '--no-audit', '--no-fund', tarball]
  const { exitCode, stderr } = await run('npm', words, project)
  if (exitCode !== 0) throw new Error(stderr)
})

t.test('it is small, holds no test, and names no source that it has not', (t) => {
  t.ok(statSync(tarball).size <= 1_000_000, `${statSync(tarball).size} bytes`)
  const files = filesOfPackage().map((line) => line.split(' ')[0] ?? '')
  t.ok(files.length > 300, `${files.length} files`)
  t.same(
    files.filter((file) => /\.test\.|fixture|(^|\/)(test|benchmarks|dev)\/|(?<!\.d)\.ts$/.test(file)),
    [],
  )
  for (const file of files.filter((one) => one.endsWith('.js'))) {
    const text = readFileSync(join(installed, file), 'utf8').replace(/^\s*(\/\/|\/?\*).*$/gm, '')
    t.notMatch(text, /['"`/][\w./-]+\.ts['"`]/, file)
  }
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  t.same([manifest.private, manifest.scripts, manifest.devDependencies], [undefined, undefined, undefined])
  t.same(manifest.publishConfig, { access: 'public', provenance: true })
  t.end()
})

t.test('help, hints and completion are worded for npx, from any folder of the project', async (t) => {
  const before = filesOfPackage()
  const help = await npx(['--help'], join(project, 'src'))
  t.match(help, { exitCode: 0, stderr: '', stdout: /usage: npx bakeroll VERB \[flags\]/ })
  t.notMatch(help.stdout, /npm (run|start|test)|Development|test:quick/)
  t.match(await npx(['test']), { exitCode: 2, stderr: /test: unknown verb.*\nhint: {2}npx bakeroll --help lists/ })
  t.match(await npx(['status'], join(project, 'src')), { stdout: /there is no group shop/, stderr: '' })
  t.match(await npx(['completion', 'bash']), { exitCode: 0, stdout: /eval "\$\(npx bakeroll completion bash\)"/ })
  const played = await npx(['simulate', '--instances', '4', '--json'])
  t.equal(JSON.parse(played.stdout).ok, true)
  t.same(filesOfPackage(), before, 'nothing is written below node_modules')
})

t.test('without a container image there is nothing to bake', async (t) => {
  const nothing = await npx(['bake', '--dry-run', '--config', 'empty.mts'])
  t.match(nothing, { exitCode: 2, stderr: /no container image is named.*\nhint: {2}npx bakeroll init$/ })
})

t.test(
  "a bake of the project's version, of what the package holds, is planned in the project's own home",
  async (t) => {
    const words = ['--layer', 'root', '--port', '8000', '--', '/main']
    await run('python3', [join(import.meta.dirname, '../examples/archive.py'), 'shop.tar', ...words], project)
    const planned = await npx(['bake', '--dry-run', '--json'], join(project, 'src'))
    t.equal(planned.exitCode, 0, planned.stderr)
    t.match(planned.stdout, '2.3.4')
    const doctor = await npx(['doctor', '--json'], join(project, 'src'))
    const { findings } = JSON.parse(doctor.stdout)
    t.match(JSON.stringify(findings), `${project}/.bakeroll`)
    t.notMatch(doctor.stdout, /node_modules\/bakeroll\/\.|npm run/)
  },
)

t.test('the configuration file of the project counts, and a wrong one is told', async (t) => {
  const wrong = join(project, 'wrong.mts')
  writeFileSync(wrong, `export default { groop: 'shop' }`)
  const { exitCode, stderr } = await npx(['status', '--config', '../wrong.mts'], join(project, 'src'))
  t.equal(exitCode, 2)
  t.match(stderr, 'groop: unknown setting in wrong.mts; did you mean group?')
  t.match(stderr, `hint:  npx bakeroll status --help lists every flag and setting; the configuration file is ${wrong}`)
})

t.test('init writes a configuration once, where the user stands', async (t) => {
  t.match(await npx(['init']), { exitCode: 3, stderr: 'bakeroll.config.mts is there already' })
  const asked = await npx(['init'], join(project, 'src'))
  t.match(asked, { exitCode: 3, stderr: `belongs to the project of ${project}/bakeroll.config.mts` })
  t.same(readdirSync(join(project, 'src')), [])

  const other = join(top, 'other shop')
  const bakeroll = (...words: string[]) => run(join(project, 'node_modules/.bin/bakeroll'), words, other)
  t.match(await bakeroll('init', '--dry-run'), { exitCode: 0, stdout: /port: 5000,[\s\S]*would write .gitignore, / })
  t.same(readdirSync(other), ['Dockerfile', 'package.json'])
  t.match(JSON.parse((await bakeroll('init', '--json')).stdout), {
    ok: true,
    written: ['.gitignore', '.dockerignore', 'bakeroll.config.mts'],
  })
  t.match(await bakeroll('status'), { exitCode: 0, stdout: /there is no group other-shop/, stderr: '' })
  t.match(await bakeroll('init', '--dry-run'), { exitCode: 3, stderr: /hint: {2}npx bakeroll bake --dry-run/ })
})

t.test('the types fit what the settings take, and refuse what is none', async (t) => {
  writeFileSync(
    join(project, 'types.mts'),
    `import type { Config } from 'bakeroll'
export const right = { platform: 'aws', local: { port: 80 }, roll: { surge: 2, pauseAt: [1, '50%'] }, check: { ipv4: true } } satisfies Config
// @ts-expect-error
export const misspelt = { groop: 'a' } satisfies Config
// @ts-expect-error
export const wrong = { platform: 'moon' } satisfies Config
// @ts-expect-error
export const nested = { local: { port: true } } satisfies Config`,
  )
  // bin/tsc has no ending, so that Node would load it by require when tap is in it.
  const tsc = join(import.meta.dirname, '../node_modules/typescript/lib/tsc.js')
  const flags = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'nodenext', '--types', '']
  t.match(await run(process.execPath, [tsc, ...flags, 'types.mts', 'bakeroll.config.mts'], project), {
    exitCode: 0,
    stdout: '',
  })
})

t.test('a service is checked', async (t) => {
  const server = http.createServer(({ url }, response) => {
    response.end(url === '/now' ? new Date().toISOString() : '1.0.0')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const words = [url, '--expect-version', '1.0.0', '--max-offset', '30s', '--json']
  t.match(JSON.parse((await npx(['check', ...words])).stdout), { ok: true, verdict: 'ok' })
})

t.test('a folder that is no Node project is a project, too', async (t) => {
  const words = ['--yes', '--prefer-offline', `--package=${tarball}`, 'bakeroll', 'status']
  const { stdout, stderr } = await run('npx', words, plain)
  t.match(stdout + stderr, /there is no group plain-/)
  t.same(readdirSync(plain), [], 'it is left as it was')
})
