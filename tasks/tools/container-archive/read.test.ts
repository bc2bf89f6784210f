import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { OperatorError } from '../../lib/errors.ts'
import {
  imageParts,
  makeClock,
  ociLayout,
  oldDockerSave,
  type TestMember,
  tarOf,
  temporaryFolder,
} from './archive-fixture.ts'
import { digestOf } from './digest.ts'
import { readContainerArchive, type Wanted } from './read.ts'

t.test('an archive of every layout and compression tells the same image', async (t) => {
  const parts = imageParts({
    texts: ['one', 'two', 'one'],
    config: { config: { User: 'app', Env: ['A=secret', 'B='] } },
  })
  const folder = await temporaryFolder(t)
  const docker = tarOf(oldDockerSave(parts))
  const both = [
    ...ociLayout([parts]),
    {
      name: 'manifest.json',
      content: JSON.stringify([
        {
          Config: `blobs/sha256/${parts.id.slice(7)}`,
          RepoTags: null,
          Layers: parts.layers.map((layer) => `blobs/sha256/${digestOf(layer).slice(7)}`),
        },
      ]),
    },
  ]
  const archives = {
    'docker save before 25': docker,
    'docker save since 25': tarOf(both),
    'the same in gzip': gzipSync(docker),
    'the same in zstd': zstdCompressSync(docker),
    'made by tar --create .': tarOf(oldDockerSave(parts).map((member) => ({ ...member, name: `./${member.name}` }))),
    OCI: tarOf(ociLayout([parts])),
    'OCI, layers in gzip': tarOf(ociLayout([parts], { pack: (layer) => gzipSync(layer), kind: '+gzip' })),
    'OCI, layers in zstd': tarOf(ociLayout([parts], { pack: (layer) => zstdCompressSync(layer), kind: '+zstd' })),
  }
  for (const [name, content] of Object.entries(archives)) {
    const path = join(folder, 'image.tar')
    await writeFile(path, content)
    const { image, config } = await readContainerArchive(path)
    t.equal(image.id, parts.id, name)
    t.equal(config.toString(), parts.config)
    const layers = parts.layers.map((layer) => ({ diffId: digestOf(layer), bytes: layer.length }))
    t.same(image.layers, layers)
    t.match(image, { architecture: 'amd64', os: 'linux', user: 'app' })
    t.same(image.envNames, ['A', 'B'])
  }
})

t.test('reads how an image made from folders runs', async (t) => {
  const { file, image } = await makeClock(t)
  t.same((await readContainerArchive(file)).image, image)
  t.same(image.ports, [{ port: 8000, protocol: 'tcp' }])
  t.same([image.user, image.entryPoint, image.command], ['65532', ['/usr/bin/clock'], ['--utc']])
})

t.test('chooses the wanted one of several platforms', async (t) => {
  const [amd64, arm64] = [imageParts(), imageParts({ architecture: 'arm64' })]
  const path = join(await temporaryFolder(t), 'both.tar')
  await writeFile(path, tarOf(ociLayout([amd64, arm64])))
  t.equal((await readContainerArchive(path, { architecture: 'arm64' })).image.id, arm64.id)
  await refused(
    t,
    tarOf(ociLayout([amd64, arm64])),
    /holds 2 images: sha256:\S+ \(linux\/amd64\), sha256:\S+ \(linux\/arm64\)/,
  )
})

const parts = imageParts()
const members = oldDockerSave(parts)
const manifest = (entries: unknown): TestMember => ({ name: 'manifest.json', content: JSON.stringify(entries) })
const without = (name: string) => members.filter((member) => member.name !== name)
const hex = parts.id.slice(7)
const listed = { Config: `${hex}.json`, Layers: [`${'0'.repeat(64)}/layer.tar`, `${'1'.repeat(64)}/layer.tar`] }
const changedLayer = members.map((member) =>
  member.name === `${'1'.repeat(64)}/layer.tar`
    ? { ...member, content: tarOf([{ name: 'etc/text', content: 'six' }]) }
    : member,
)
const badOci = (change: (members: TestMember[]) => TestMember[]) => tarOf(change(ociLayout([parts])))
const layerBlob = `blobs/sha256/${digestOf(parts.layers[1] ?? '').slice(7)}`
const gzipped = ociLayout([parts], { pack: (layer) => gzipSync(layer), kind: '+gzip' })

const cases: Record<string, [Buffer, RegExp, Wanted?]> = {
  nothing: [Buffer.alloc(0), /it is empty/],
  'a text': [Buffer.from('FROM scratch\n'.repeat(100)), /no tar archive/],
  'a short text': [Buffer.from('FROM scratch\n'), /no tar archive/],
  xz: [Buffer.from('\xfd7zXZ\0 and more than that', 'latin1'), /it is xz/],
  'another tar': [tarOf([{ name: 'README', content: 'x' }]), /neither manifest.json nor index.json/],
  'an empty tar': [tarOf([]), /no tar archive|neither manifest.json/],
  'Docker 1.9': [tarOf(without('manifest.json')), /Docker before 1.10 wrote it/],
  'cut within a layer': [tarOf(members).subarray(0, 2600), /ends early/],
  'cut between members': [tarOf(members.slice(0, 4)), /neither manifest.json/],
  'gzip cut': [gzipSync(tarOf(members)).subarray(0, 300), /gzip data end early/],
  'gzip damaged': [damaged(gzipSync(tarOf(members)), 120), /gzip data are damaged|no tar archive|ends early/],
  'an absolute name': [tarOf([...members, { name: '/etc/passwd', content: 'x' }]), /"\/etc\/passwd" lies outside/],
  'a name with ..': [tarOf([...members, { name: 'a/../../x', content: 'x' }]), /"a\/..\/..\/x" lies outside/],
  'an escape in a name': [
    tarOf([...members, { name: '../\u001b[2J', content: 'x' }]),
    /"\.\.\/\\u001b\[2J" lies outside/,
  ],
  'a link outside': [
    tarOf([...members, { name: 'a/b', type: 'SymbolicLink', target: '../../etc' }]),
    /"a\/b" leads out/,
  ],
  'an absolute link': [tarOf([...members, { name: 'a', type: 'Link', target: '/etc/shadow' }]), /"a" leads out/],
  'a device': [tarOf([...members, { name: 'null', type: 'CharacterDevice' }]), /"null" is a CharacterDevice/],
  'two members of one name': [tarOf([...members, manifest([listed, listed])]), /two different members "manifest.json"/],
  'a member and a link': [
    tarOf([{ name: 'manifest.json', type: 'Link', target: 'a' }, ...members]),
    /two different members/,
  ],
  'links in a circle': [
    tarOf([
      ...without(`${'1'.repeat(64)}/layer.tar`),
      { name: `${'1'.repeat(64)}/layer.tar`, type: 'SymbolicLink', target: 'layer.tar' },
    ]),
    /it lacks layer 2/,
  ],
  'no image': [tarOf([...without('manifest.json'), manifest([])]), /holds no image/],
  'two images': [tarOf([...without('manifest.json'), manifest([listed, listed])]), /holds 2 images/],
  'a manifest that is no list': [tarOf([...without('manifest.json'), manifest({})]), /no list of images/],
  'a manifest that is no JSON': [
    tarOf([...without('manifest.json'), { name: 'manifest.json', content: '[{' }]),
    /no JSON document/,
  ],
  'a list with nothing': [tarOf([...without('manifest.json'), manifest([null])]), /names no file for the config/],
  'no config': [tarOf(without(`${hex}.json`)), /it lacks the config/],
  'a config of another name': [
    tarOf([...without(`${hex}.json`), { name: `${hex}.json`, content: `${parts.config} ` }]),
    /has the digest sha256:\S+, not sha256:\S+: it was changed/,
  ],
  'a layer absent': [tarOf(without(`${'1'.repeat(64)}/layer.tar`)), /it lacks layer 2/],
  'a layer outside': [
    tarOf([...without('manifest.json'), manifest([{ ...listed, Layers: ['../../etc/passwd', 'x'] }])]),
    /layer 1 lies outside of it, at "..\/..\/etc\/passwd"/,
  ],
  'fewer layers than the config names': [
    tarOf([...without('manifest.json'), manifest([{ ...listed, Layers: listed.Layers.slice(1) }])]),
    /lists 1 layers where its config names 2/,
  ],
  'a layer changed': [tarOf(changedLayer), /layer 2 of 2, \S+, has the digest/],
  'another architecture': [
    tarOf(members),
    /another platform: "shop:1" \(linux\/amd64\); linux\/arm64 is needed/,
    { architecture: 'arm64' },
  ],
  Windows: [
    tarOf(oldDockerSave(imageParts({ config: { os: 'windows' } }))),
    /another platform: \S+ \(windows\/amd64\)/,
  ],
  'no layers in the config': [tarOf(oldDockerSave(imageParts({ config: { rootfs: undefined } }))), /names no layers/],
  'a port of no number': [
    tarOf(oldDockerSave(imageParts({ config: { config: { ExposedPorts: { '80000/tcp': {} } } } }))),
    /exposes "80000\/tcp"/,
  ],
  'more history than layers': [
    tarOf(oldDockerSave(imageParts({ config: { history: [{}, {}, {}, { empty_layer: true }] } }))),
    /history of 3 layers, but names 2/,
  ],
  'larger than allowed': [tarOf(members), /larger than allowed/, { mostBytes: 1000 }],
  'a bomb': [
    gzipSync(tarOf(oldDockerSave(imageParts({ texts: ['0'.repeat(3_000_000)] })))),
    /larger than allowed/,
    { mostBytes: 1e6 },
  ],
  'OCI: a layer elsewhere': [
    badOci((all) => all.filter(({ name }) => name !== layerBlob)),
    /layer 2, sha256:\S+, lies outside/,
  ],
  'OCI: a digest lies': [
    badOci((all) => all.map((one) => (one.name === layerBlob ? { ...one, content: parts.layers[0] ?? '' } : one))),
    /has the digest sha256:\S+, not sha256:/,
  ],
  'OCI: a size lies': [
    badOci((all) => all.map((one) => (one.name === layerBlob ? { ...one, content: `${one.content}x` } : one))),
    /layer 2 has \d+ bytes where \d+ are promised/,
  ],
  'OCI: no manifests': [
    badOci((all) => all.map((one) => (one.name === 'index.json' ? { ...one, content: '{}' } : one))),
    /lists no manifests/,
  ],
  'OCI: a layer cut before it was packed up': [
    tarOf(
      gzipped.map((one) => (Buffer.isBuffer(one.content) ? { ...one, content: one.content.subarray(0, 60) } : one)),
    ),
    /bytes where \d+ are promised/,
  ],
}
for (const [name, [content, fault, wanted]] of Object.entries(cases)) {
  t.test(`refuses ${name}`, (t) => refused(t, content, fault, wanted))
}

t.test('refuses a folder and a missing file', async (t) => {
  const folder = await temporaryFolder(t)
  await t.rejects(readContainerArchive(folder), { kind: 'usage', message: `${folder}: it is a folder` })
  const absent = join(folder, 'absent.tar')
  await t.rejects(readContainerArchive(absent), { kind: 'usage', message: `${absent}: there is no such file` })
})

async function refused(t: Tap, content: Buffer, fault: RegExp, wanted?: Wanted): Promise<void> {
  const path = join(await temporaryFolder(t), 'bad.tar')
  await writeFile(path, content)
  const error = await readContainerArchive(path, wanted).catch((error: unknown) => error)
  t.type(error, OperatorError)
  const { kind, message, hint } = error as OperatorError
  t.match(message, fault)
  t.ok(message.startsWith(`${path}: `))
  t.equal(kind, 'usage')
  t.ok(hint)
}

function damaged(content: Buffer, at: number): Buffer {
  const copy = Buffer.from(content)
  copy.fill(0xff, at, at + 8)
  return copy
}

type Tap = Pick<typeof t, 'teardown' | 'type' | 'match' | 'ok' | 'equal'>
