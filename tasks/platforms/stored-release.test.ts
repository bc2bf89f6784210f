import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Settings } from '../settings/settings.ts'
import { usualSettings } from '../settings/settings-fixture.ts'
import { recordedProgress } from '../simulator/recorded-progress.ts'
import { imageParts, oldDockerSave, tarOf } from '../tools/container-archive/archive-fixture.ts'
import { readContainerArchive } from '../tools/container-archive/read.ts'
import { homeAt } from './home.ts'
import { imageContent } from './image-content.ts'
import { findDelivered } from './in-place.ts'
import { releaseDigests } from './recipe.ts'
import { contentDigest, storedRelease, storeRelease } from './stored-release.ts'

const release = '1.1.0'
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
const archiveOf = (...texts: string[]) => tarOf(oldDockerSave(imageParts({ architecture, texts })))

/** A project with an archive and a role, and a home beside it. */
function makeProject(t: Test) {
  const folder = t.testdir({
    project: {
      'shop.tar': archiveOf('one', 'two'),
      roles: { tuning: { tasks: { 'main.yml': '---\n' }, files: { 'run.sh': 'true\n' } } },
    },
    home: {},
  })
  const at = (name: string) => join(folder, 'project', name)
  chmodSync(at('roles/tuning/files/run.sh'), 0o755)
  const home = homeAt(join(folder, 'home'))
  const usual = usualSettings()
  const settings: Settings = {
    ...usual,
    home: home.folder,
    service: { ...usual.service, archive: at('shop.tar'), secrets: ['API_KEY', 'OTHER'] },
    image: { ...usual.image, roles: { path: at('roles'), base: [], release: ['tuning'] } },
  }
  const run = { release, home, progress: recordedProgress(), signal: new AbortController().signal }
  const read = async (change: Partial<Settings['service']> = {}) => {
    const image = await imageContent({ ...settings, service: { ...settings.service, ...change } }, run)
    return { image, release, content: contentDigest(release, releaseDigests(image)) }
  }
  return { folder, at, home, settings, run, read, store: join(home.folder, 'in-place', 'local', 'shop') }
}

t.test('all that an instance gets is kept, for its owner alone, and needs no project', async (t) => {
  const { folder, home, store, read } = makeProject(t)
  const { image, ...wanted } = await read()
  const kept = await storeRelease(home, store, image)
  const own = join(store, wanted.content)
  t.strictSame(readdirSync(store), [wanted.content], 'no draft')
  t.strictSame(readdirSync(own).sort(), [
    ...['ansible', 'image.tar', 'nginx_conf', 'release.json', 'roles', 'service_json'],
  ])
  for (const name of ['image.tar', 'nginx_conf', 'release.json', 'service_json']) {
    t.equal(statSync(join(own, name)).mode & 0o777, 0o600, name)
  }
  for (const at of [join(home.folder, 'in-place'), store, own]) t.equal(statSync(at).mode & 0o777, 0o700, at)
  t.equal(statSync(join(own, 'roles/tuning/files/run.sh')).mode & 0o777, 0o755, 'a mode is part of a role')
  rmSync(join(folder, 'project'), { recursive: true })
  const found = await storedRelease(store, wanted)
  t.strictSame(found, kept)
  t.match(found, {
    archive: { tags: ['bakeroll/service:1.1.0'], image: { layers: { length: 2 } } },
    rolesOfBakeroll: own,
    variables: {
      release,
      secret_names: 'API_KEY OTHER',
      container_image: image.image.identity,
      nginx_conf: join(own, 'nginx_conf'),
      service_json: join(own, 'service_json'),
      roles_path: join(own, 'roles'),
      release_roles: 'tuning',
    },
  })
  t.match(readFileSync(join(own, 'service_json'), 'utf8'), /"image":"bakeroll\/service:1\.1\.0"/)
  t.ok(existsSync(join(own, 'ansible/roles/service/tasks/main.yml')))
})

t.test('an archive that the home has from a registry is linked, and outlives it', async (t) => {
  const { home, store, read } = makeProject(t)
  const digest = createHash('sha256').update('a manifest').digest('hex')
  const fetched = join(home.folder, 'containers', `${digest}.${architecture}.tar`)
  mkdirSync(join(home.folder, 'containers'))
  writeFileSync(fetched, archiveOf('one', 'three'))
  const { image, ...wanted } = await read({ archive: undefined, image: `127.0.0.1:1/shop@sha256:${digest}` })
  await storeRelease(home, store, image)
  const kept = join(store, wanted.content, 'image.tar')
  t.strictSame([statSync(kept).ino, statSync(kept).nlink], [statSync(fetched).ino, 2])
  rmSync(fetched)
  t.match(await storedRelease(store, wanted), { archive: { path: kept, image: { id: image.image.identity } } })
})

t.test("kept once: the same again changes nothing, what a killed run left is in nobody's way", async (t) => {
  const { home, store, read } = makeProject(t)
  const { image, content } = await read()
  const draft = join(store, `.${content}.draft`)
  mkdirSync(join(draft, 'made'), { recursive: true })
  writeFileSync(join(draft, 'image.tar'), 'a half')
  await storeRelease(home, store, image)
  t.strictSame(readdirSync(store), [content])
  const { ino, mtimeMs } = statSync(join(store, content))
  await storeRelease(home, store, image)
  t.match(statSync(join(store, content)), { ino, mtimeMs })
})

t.test('what is damaged, or another, is told from what was delivered', async (t) => {
  const { home, store, read } = makeProject(t)
  const { image, ...wanted } = await read()
  const own = join(store, wanted.content)
  const at = (name: string) => join(own, name)
  const record = (change: object) => {
    const before = JSON.parse(readFileSync(at('release.json'), 'utf8'))
    writeFileSync(at('release.json'), JSON.stringify({ ...before, ...change }))
  }
  const another = imageParts({ architecture, texts: ['one', 'other'] })
  const table: [name: string, damage: () => void, fault: RegExp][] = [
    ['gone', () => rmSync(own, { recursive: true }), /^\S+ is not there$/],
    ['no record', () => rmSync(at('release.json')), /is not there$/],
    ['half a record', () => truncateSync(at('release.json'), 10), /is damaged: .*JSON/],
    ['a record of nothing', () => writeFileSync(at('release.json'), 'null'), /is damaged: release\.json lacks a part$/],
    ['roles that are no list', () => record({ roles: 'tuning' }), /is damaged: release\.json lacks a part$/],
    ['another image in the record', () => record({ image: 'sha256:0' }), /is damaged: its files have the digest/],
    ['another id', () => record({ imageId: 'sha256:0' }), /is damaged: image\.tar holds another image$/],
    ['other roles', () => record({ roles: [] }), /is damaged: its files have the digest/],
    ['nginx', () => appendFileSync(at('nginx_conf'), '#'), /is damaged: its files have the digest/],
    ['no nginx', () => rmSync(at('nginx_conf')), /is damaged: ENOENT/],
    ['how it runs', () => appendFileSync(at('service_json'), ' '), /is damaged: its files have the digest/],
    ['a role', () => appendFileSync(at('roles/tuning/files/run.sh'), '#'), /is damaged: its files have the digest/],
    ['no roles', () => rmSync(at('roles'), { recursive: true }), /is damaged: ENOENT/],
    ["bakeroll's role", () => appendFileSync(at('ansible/roles/service/tasks/main.yml'), '#'), /is damaged: its files/],
    ['half an archive', () => truncateSync(at('image.tar'), 2000), /is damaged: .*image\.tar/],
    ['no archive', () => rmSync(at('image.tar')), /is damaged: .*image\.tar/],
    [
      'a whole other archive',
      () => writeFileSync(at('image.tar'), tarOf(oldDockerSave(another))),
      /holds another image$/,
    ],
    [
      'a byte of a layer',
      () => {
        const bytes = readFileSync(at('image.tar'))
        bytes.write('ONE', bytes.indexOf('one'))
        writeFileSync(at('image.tar'), bytes)
      },
      /is damaged: .*image\.tar/,
    ],
  ]
  for (const [name, damage, fault] of table) {
    await storeRelease(home, store, image)
    t.notMatch(await storedRelease(store, wanted), { fault }, name)
    damage()
    t.match(await storedRelease(store, wanted), { fault }, name)
  }
  t.match(await storedRelease(store, { ...wanted, content: '0'.repeat(12) }), { fault: /is not there$/ })
})

t.test('too little room is refused before a byte is written, and leaves nothing', async (t) => {
  const { home, store, at, read } = makeProject(t)
  const { image } = await read()
  const archive = await readContainerArchive(at('shop.tar'))
  const layers = archive.image.layers.map((layer) => ({ ...layer, bytes: 2 ** 60 }))
  const huge = { archive: { ...archive, image: { ...archive.image, layers } }, lowest: 0 }
  const content = { ...image, image: { ...image.image, archive: async () => huge } }
  await t.rejects(storeRelease(home, store, content), {
    kind: 'refused',
    message: /MiB of free disk space; \d+ MiB are/,
  })
  t.strictSame(readdirSync(store), [])
})

t.test('the project is the second way, if it holds the very same; else a refusal says what to do', async (t) => {
  const { home, settings, run, store, at, read } = makeProject(t)
  const { image, ...wanted } = await read()
  const task = { ...run, settings, releaseStore: store }
  t.match(await findDelivered(task, wanted), { archive: { path: join(store, wanted.content, 'image.tar') } })
  const refused = (why: RegExp) => ({
    kind: 'refused',
    isLasting: true,
    message: new RegExp(`^1\\.1\\.0 as it was delivered is gone: \\S+ is (not there|damaged: .*), and ${why.source}`),
    hint: 'npm run release -- --release 1.1.0 from the project that holds it, or npm run bake and npm run roll',
  })
  writeFileSync(at('shop.tar'), archiveOf('one', 'another day'))
  t.match(await findDelivered(task, wanted), { release }, 'kept: the project may go on')
  truncateSync(join(store, wanted.content, 'image.tar'), 2000)
  await t.rejects(findDelivered(task, wanted), refused(/this project holds another$/))
  rmSync(store, { recursive: true })
  await t.rejects(findDelivered(task, wanted), refused(/this project holds another$/))
  renameSync(at('shop.tar'), at('old.tar'))
  await t.rejects(findDelivered(task, wanted), refused(/this project cannot make it: there is no container archive/))
  const building = { ...task, settings: { ...settings, service: { ...settings.service, build: 'false' } } }
  await t.rejects(findDelivered(building, wanted), refused(/this project has to build it first$/))
  writeFileSync(at('shop.tar'), archiveOf('one', 'two'))
  t.match(await findDelivered(task, wanted), { release })
  t.ok(existsSync(join(store, wanted.content)), 'and is kept from now on')
  t.strictSame(readdirSync(join(home.folder, 'in-place')), ['local'])
})
