// needs: python3
/** docs/own-service.md, step by step: what it types, copies and shows is what is there. test/machines plays it on machines. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { parseCommandLine } from '../tasks/settings/command-line.ts'
import { packageVersion } from '../tasks/settings/package-version.ts'
import { settingsOf } from '../tasks/settings/settings.ts'
import { readSettings } from '../tasks/settings/settings-reader.ts'
import { isVerbName, verbs } from '../tasks/settings/verbs.ts'
import { planFolder } from '../tasks/verbs/init/init-folder.ts'

const repository = join(import.meta.dirname, '..')
const page = readFileSync(join(repository, 'docs/own-service.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind = '', text = '']) => ({ kind, text }))
const textsOf = (kind: string) => blocks.flatMap((block) => (block.kind === kind ? [block.text] : []))
const commands = textsOf('sh').flatMap((text) => text.trim().split('\n'))
const [written = '', edited = '', ...pieces] = textsOf('ts')

async function settingsIn(t: Test, folder: string, text?: string) {
  if (text !== undefined) writeFileSync(join(folder, 'bakeroll.config.mts'), text)
  const surroundings = { env: {}, workingFolder: folder, project: folder }
  const { settings, problems } = await readSettings(parseCommandLine('bake', []), surroundings)
  t.same(problems, [], folder)
  return settings
}

t.test('every verb is there, with its flags and arguments', (t) => {
  const called = [...page.matchAll(/npx bakeroll ([a-z]+)([^\n`|]*)/g)]
  for (const [call, verb = '', words = ''] of called) {
    if (!isVerbName(verb)) {
      t.fail(`there is no ${call}`)
      continue
    }
    const argv = words.trim().split(' ').filter(Boolean)
    t.same(parseCommandLine(verb, argv).problems, [], call)
    t.ok(verbs[verb].development === undefined, `${verb} is a verb of the package`)
  }
  const story = [
    'init',
    'doctor',
    'bake',
    'deploy',
    'check',
    'roll',
    'release',
    'status',
    'secret',
    'ssh',
    'heal',
    'destroy',
  ]
  t.same(
    story.filter((verb) => !called.some(([, one]) => one === verb)),
    [],
  )
  t.ok(called.length > 20, `${called.length} calls`)
  t.end()
})

t.test('the first steps lead to the configuration that is shown', async (t) => {
  const top = t.testdir()
  symlinkSync(repository, join(top, 'bakeroll'))
  const shop = join(top, 'shop')
  t.same(commands.slice(0, 3), ['(cd ../bakeroll && npm run pack)', 'mkdir shop', 'cd shop'])
  mkdirSync(shop)
  t.match(commands[4], `../bakeroll/dist/bakeroll-${packageVersion(repository)}.tgz`)
  for (const command of commands.filter((one) => /^(npm init|cp) /.test(one))) {
    await execa('sh', ['-c', command], { cwd: shop, env: { npm_config_update_notifier: 'false' } })
  }
  const manifest = JSON.parse(readFileSync(join(shop, 'package.json'), 'utf8'))
  writeFileSync(join(shop, 'package.json'), JSON.stringify({ ...manifest, devDependencies: { bakeroll: 'file:' } }))
  // As build.sh writes it, with one of its layers.
  const facts = ['--layer', 'app', '--user', '65532', '--port', '8000', '--', '/usr/bin/python3.11']
  await execa('python3', ['archive.py', 'shop.tar', ...facts], { cwd: shop })
  const { files, draft } = await planFolder(shop, {})
  t.equal(draft.text, written)
  t.same(draft.missing, [])
  t.same(
    files.map(({ name }) => name),
    ['.gitignore', 'bakeroll.config.mts'],
  )

  const settings = await settingsIn(t, shop, edited)
  t.match(settings, { group: 'shop', release: '1.0.0', service: { archive: join(shop, 'shop.tar'), bodyLimit: '20m' } })
  const example = (await import(pathToFileURL(join(repository, 'examples/httpbin/bakeroll.config.mts')).href)).default
  const own = (await import(pathToFileURL(join(shop, 'bakeroll.config.mts')).href)).default
  t.same(own.service, example.service, 'the example has the same')
})

t.test('each piece of a configuration is one', async (t) => {
  const top = t.testdir()
  for (const [at, piece] of pieces.entries()) {
    const folder = join(top, `${at}`)
    mkdirSync(folder)
    await settingsIn(t, folder, `export default {\n${piece}\n}\n`)
  }
  t.ok(pieces.length > 1)
  t.equal((await settingsIn(t, join(top, '0'))).service.timeFormat, 'unix')
})

t.test('the examples have a configuration that is read, and own pages for what the page asks', async (t) => {
  for (const name of ['httpbin', 'unix-clock', 'wall-clock']) {
    const folder = join(t.testdir(), name)
    cpSync(join(repository, 'examples', name, 'bakeroll.config.mts'), join(folder, 'bakeroll.config.mts'))
    const { group, service } = await settingsIn(t, folder)
    t.equal(service.build, './build.sh', group)
    const script = readFileSync(join(repository, 'examples', name, 'build.sh'), 'utf8')
    t.match(script, ` ${service.archive?.slice(folder.length + 1)} --layer`)
    t.match(script, `--port ${service.port}`)
  }
  const wsgi = readFileSync(join(repository, 'examples/httpbin/app/wsgi.py'), 'utf8')
  const asked = [...page.matchAll(/^curl http:\/\/127\.0\.0\.1:8080(\/\S+)$/gm)].map(([, path]) => path)
  t.same(
    asked.filter((path) => path !== '/version.txt' && !wsgi.includes(`@app.route('${path}')`)),
    [],
  )
  t.same(asked, ['/greeting', '/version.txt', '/key'])
})

t.test('the pipeline calls verbs of this package without a question', (t) => {
  const { steps } = parse(textsOf('yaml')[0] ?? '')
  const runs: string[] = steps.flatMap(({ run = '' }) => (run.startsWith('npx') ? [run] : []))
  t.equal(runs.length, 2)
  for (const run of runs) t.match(run, /--yes/)
  t.ok(settingsOf('roll').has('yes'))
  t.end()
})
