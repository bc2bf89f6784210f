import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseCommandLine } from './command-line.ts'
import { configFilesIn, findProject, groupOf, releaseOf } from './project.ts'
import { readSettings } from './settings-reader.ts'

t.test(
  'the project is the nearest folder with a configuration file, then with a package.json, then the working folder',
  (t) => {
    const top = t.testdir({
      plain: { deep: {} },
      shop: {
        'bakeroll.config.mts': '',
        web: { 'package.json': '{}', src: {} },
        node_modules: { bakeroll: { 'package.json': '{}', 'bakeroll.config.ts': '' } },
      },
      node: { 'package.json': '{}', src: { deep: {} } },
    })
    const cases: [from: string, project: string][] = [
      ['shop', 'shop'],
      ['shop/web/src', 'shop'],
      ['shop/node_modules/bakeroll', 'shop'],
      ['node/src/deep', 'node'],
    ]
    for (const [from, project] of cases) t.equal(findProject(join(top, from)), join(top, project), from)
    t.equal(findProject('/nowhere/at/all'), '/nowhere/at/all')
    t.end()
  },
)

t.test('takes group and release from the project', (t) => {
  const folder = (name: string, manifest?: string) => {
    const path = join(t.testdirName, name)
    mkdirSync(path, { recursive: true })
    if (manifest !== undefined) writeFileSync(join(path, 'package.json'), manifest)
    return path
  }
  t.testdir()
  const names: [string, string][] = [
    ['{"name": "shop"}', 'shop'],
    ['{"name": "@acme/web.Shop_2"}', 'web-shop-2'],
    ['{"name": "2nd-shop"}', 'nd-shop'],
    [`{"name": "${'a'.repeat(31)}-b"}`, 'a'.repeat(31)],
    ['{"name": "42"}', 'service'],
    ['{"name": 42}', 'my-shop'],
    ['{', 'my-shop'],
    ['null', 'my-shop'],
  ]
  for (const [manifest, group] of names) t.equal(groupOf(folder('My Shop', manifest)), group, manifest)
  t.equal(groupOf(folder('Ein Läden')), 'ein-l-den')
  t.equal(releaseOf(folder('a', '{"version": "1.4.0"}')), '1.4.0')
  t.equal(releaseOf(folder('b', '{}')), '0.1.0')
  t.equal(releaseOf(folder('c')), '0.1.0')
  t.end()
})

t.test('reports a CommonJS configuration file, or a second one, with what would be right', async (t) => {
  const top = t.testdir()
  const problemsOf = async (files: Record<string, string>) => {
    // Node loads a path once.
    const project = mkdtempSync(join(top, 'project-'))
    const manifest = { 'package.json': '{"version": "1.0.0", "type": "commonjs"}' }
    for (const [name, text] of Object.entries({ ...manifest, ...files })) writeFileSync(join(project, name), text)
    const { problems, settings } = await readSettings(parseCommandLine('status', []), {
      env: {},
      workingFolder: '/',
      project,
    })
    return { problems: problems.map((problem) => problem.replaceAll(project, '')), group: settings.group }
  }
  const own = `export default { group: 'shop' }`
  t.same(await problemsOf({ 'bakeroll.config.mts': own }), { problems: [], group: 'shop' })
  t.same(await problemsOf({ 'bakeroll.config.mjs': own }), { problems: [], group: 'shop' })
  const { problems } = await problemsOf({ 'bakeroll.config.ts': own })
  t.match(problems, [
    /^\/bakeroll\.config\.ts: cannot be loaded: .*: \/package\.json says "type": "commonjs"; name the file bakeroll\.config\.mts$/,
  ])
  t.match((await problemsOf({ 'bakeroll.config.mts': 'module.exports = {}' })).problems, [
    '/bakeroll.config.mts: cannot be loaded: module is not defined in ES module scope: expected `export default { ... }`',
  ])
  t.match((await problemsOf({ 'bakeroll.config.cjs': 'module.exports = {}' })).problems, [
    /^\/bakeroll\.config\.cjs: expected a file that ends with .*; a CommonJS file is no configuration$/,
  ])
  t.match((await problemsOf({ 'bakeroll.config.ts': own, 'bakeroll.config.mts': own })).problems, [
    '/bakeroll.config.ts: there is /bakeroll.config.mts, too; keep one of them',
  ])
  t.end()
})

t.test('a relative path starts in the folder of the file that contains it', async (t) => {
  const project = t.testdir({ 'bakeroll.config.mts': `export default { check: { output: 'out/report' } }`, out: {} })
  const surroundings = { env: { BAKEROLL_HOME: 'state' }, workingFolder: '/somewhere', project }
  const { settings, problems } = await readSettings(parseCommandLine('check', []), surroundings)
  t.same(problems, [])
  t.equal(settings.check.output, join(project, 'out/report'))
  t.equal(settings.home, '/somewhere/state')
  t.same(configFilesIn(project), [join(project, 'bakeroll.config.mts')])
})
