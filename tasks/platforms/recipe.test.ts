import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Settings } from '../settings/settings.ts'
import { writeFolderImage } from '../tools/container-archive/from-folders.ts'
import { contentFixture } from './content-fixture.ts'
import { recipeFor } from './recipe.ts'

const source = { suite: 'bookworm', diskGib: 4, packages: ['sudo', 'curl'] }

t.test('the same input is the same image', async (t) => {
  const content = await contentFixture('1.4.0')
  const recipe = recipeFor(content, source)
  t.match(recipe, { release: '1.4.0', base: /^[0-9a-f]{12}$/, content: /^[0-9a-f]{12}$/ })
  t.strictSame(Object.keys(recipe.digests).sort(), ['ansible', 'files', 'image', 'lowest', 'packer', 'serviceRole'])
  t.strictSame(recipeFor(await contentFixture('1.4.0'), { ...source, packages: [...source.packages] }), recipe)
})

t.test('what changes which layer', async (t) => {
  const content = await contentFixture('1.4.0')
  const { base, content: whole } = recipeFor(content, source)
  const release = recipeFor(await contentFixture('1.4.1'), source)
  t.equal(release.base, base, 'another release stands on the same base layer')
  t.not(release.content, whole)
  for (const [name, change] of Object.entries({
    suite: { suite: 'trixie' },
    diskGib: { diskGib: 5 },
    packages: { packages: ['sudo'] },
  })) {
    const other = recipeFor(content, { ...source, ...change })
    t.not(other.base, base, name)
    t.not(other.content, whole, `${name}: and so all that stands on it`)
  }
})

t.test("what of a user's service changes which layer", async (t) => {
  const folder = t.testdir({ system: { large: 'x'.repeat(5_000_000) }, app: { main: 'one' } })
  const archive = join(folder, 'shop.tar')
  const writeArchive = () =>
    writeFolderImage(
      {
        folders: [join(folder, 'system'), join(folder, 'app')],
        architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
        user: '1000',
        entryPoint: ['/main'],
        command: [],
        env: {},
        ports: [],
      },
      archive,
    )
  const recipe = async (service: Partial<Settings['service']> = {}, image: Partial<Settings['image']> = {}) =>
    recipeFor(await contentFixture('1.4.0', { service: { archive, ...service }, image }), source)
  await writeArchive()
  const first = await recipe()

  const secret = { secrets: ['KEY'] }
  const one = await recipe({ ...secret, testEnv: new Map([['KEY', '1']]) })
  const two = await recipe({ ...secret, testEnv: new Map([['KEY', '2']]) })
  t.strictSame(one, two, 'values for a test are no content')
  const paths = { healthPath: '/health', timePath: '/time', versionPath: '/v' }
  for (const [name, changed] of Object.entries({
    env: { env: new Map([['A', '1']]) },
    port: { port: 9000 },
    options: { options: ['--cap-add=NET_RAW'] },
    command: { command: ['serve'] },
    secrets: secret,
    stopSeconds: { stopSeconds: 5 },
  })) {
    const other = await recipe(changed)
    t.equal(other.base, first.base, name)
    t.not(other.content, first.content, name)
  }
  t.equal((await recipe({ healthPath: paths.healthPath, timePath: paths.timePath })).content, first.content, 'paths')
  t.not((await recipe({}, { packages: ['jq'] })).base, first.base, 'packages')

  mkdirSync(join(folder, 'roles/tuning/tasks'), { recursive: true })
  writeFileSync(join(folder, 'roles/tuning/tasks/main.yml'), '---\n')
  const roles = (of: 'base' | 'release') => ({
    roles: { path: join(folder, 'roles'), base: [], release: [], [of]: ['tuning'] },
  })
  const before = [await recipe({}, roles('base')), await recipe({}, roles('release'))]
  writeFileSync(join(folder, 'roles/tuning/tasks/main.yml'), '---\n# more\n')
  const after = [await recipe({}, roles('base')), await recipe({}, roles('release'))]
  t.not(after[0]?.base, before[0]?.base, 'a role of the base layer')
  t.equal(after[1]?.base, before[1]?.base)
  t.not(after[1]?.content, before[1]?.content, 'a role of the release')

  writeFileSync(join(folder, 'app/main'), 'two')
  await writeArchive()
  const changed = await recipe()
  t.equal(changed.base, first.base, 'a small layer on top leaves the base')
  t.not(changed.content, first.content)
  cpSync(join(folder, 'app'), join(folder, 'system'), { recursive: true })
  await writeArchive()
  t.not((await recipe()).base, first.base, 'a large one below does not')
})
