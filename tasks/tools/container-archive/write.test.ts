// needs: skopeo
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { list } from 'tar'
import { imageParts, makeClock, ociLayout, oldDockerSave, run, tarOf, temporaryFolder } from './archive-fixture.ts'
import { layersPresent } from './missing-layers.ts'
import { readContainerArchive } from './read.ts'
import { type Extract, writeDockerArchive } from './write.ts'

t.test('the same image gives the same bytes, whatever archive it came in', async (t) => {
  const folder = await temporaryFolder(t)
  // Of several sizes, and one of them twice.
  const parts = imageParts({ texts: ['one', 'two'.repeat(5000), 'one', ''] })
  const packed = { pack: (layer: Buffer) => gzipSync(layer), kind: '+gzip' }
  const sources = [
    tarOf(oldDockerSave(parts)),
    tarOf(oldDockerSave(parts).reverse()),
    gzipSync(tarOf(ociLayout([parts], packed))),
  ]
  const written = await Promise.all(sources.map((source, index) => rewritten(folder, source, `${index}.tar`)))
  t.ok(written.every((content) => content.equals(written[0] as Buffer)))
  t.same(await namesIn(join(folder, '0.tar')), [
    ...[0, 1, 3].map((index) => `${digestHex(parts, index)}.tar`),
    `${parts.id.slice(7)}.json`,
    'manifest.json',
  ])
  t.equal((await readContainerArchive(join(folder, '0.tar'))).image.id, parts.id)
  t.equal((await stat(join(folder, '0.tar'))).mode & 0o777, 0o600)
})

t.test('lists layers that the daemon has and does not send them', async (t) => {
  const folder = await temporaryFolder(t)
  const parts = imageParts({ texts: ['one', 'two', 'three', 'one'] })
  const content = await rewritten(folder, tarOf(oldDockerSave(parts)), 'thin.tar', { withoutLowest: 2, tag: 'shop:2' })
  const layers = [0, 1, 2, 3].map((index) => `${digestHex(parts, index)}.tar`)
  // The lowest layer is repeated above one that the daemon does not know.
  t.same(await namesIn(join(folder, 'thin.tar')), [layers[2], layers[3], `${parts.id.slice(7)}.json`, 'manifest.json'])
  const [manifest] = JSON.parse(content.toString('latin1').match(/\[\{"Config.*?\}\]/)?.[0] ?? '[]')
  t.same(manifest, { Config: `${parts.id.slice(7)}.json`, RepoTags: ['shop:2'], Layers: layers })
  await t.rejects(readContainerArchive(join(folder, 'thin.tar')), { message: /it lacks layer 2/ })
})

t.test('counts the layers that a daemon has', async (t) => {
  t.equal(layersPresent(['a', 'b', 'c'], []), 0)
  t.equal(
    layersPresent(
      ['a', 'b', 'c'],
      [
        ['b', 'c'],
        ['a', 'c'],
        ['a', 'b', 'd'],
      ],
    ),
    2,
  )
  t.equal(layersPresent(['a', 'b'], [['a', 'b', 'c']]), 2)
})

t.test('an archive that changed since it was read leaves nothing behind', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'shop.tar')
  await writeFile(path, tarOf(oldDockerSave(imageParts({ texts: ['one', 'two'] }))))
  const archive = await readContainerArchive(path)
  await writeFile(path, tarOf(oldDockerSave(imageParts({ texts: ['one', 'six'] }))))
  await t.rejects(writeDockerArchive(archive, join(folder, 'out.tar')), {
    kind: 'usage',
    message: /changed after it was read/,
  })
  await writeFile(path, tarOf([{ name: 'x', content: 'x' }]))
  await t.rejects(writeDockerArchive(archive, join(folder, 'out.tar')), { message: /changed after it was read/ })
  t.same(await readdir(folder), ['shop.tar'])
})

t.test('the same folders give the same bytes', async (t) => {
  const [one, two] = [await makeClock(t), await makeClock(t)]
  t.ok((await readFile(one.file)).equals(await readFile(two.file)))
  const twice = await makeClock(t, { folders: [one.low, one.high, one.low], tag: 'clock:1' })
  t.same(
    (await readContainerArchive(twice.file)).image.layers.map(({ diffId }) => diffId),
    twice.image.layers.map(({ diffId }) => diffId),
  )
})

t.test('GNU tar lists in a layer what was in the folder', async (t) => {
  const { folder, file, image } = await makeClock(t)
  const [low, high] = image.layers.map(({ diffId }) => `${diffId.slice(7)}.tar`) as [string, string]
  await run('tar', ['--extract', '--file', file, '--directory', folder])
  const listing = async (name: string) =>
    (
      await run('tar', [
        '--list',
        '--verbose',
        '--numeric-owner',
        '--utc',
        '--quoting-style=literal',
        '--file',
        join(folder, name),
      ])
    ).stdout
  t.match(await listing(low), /0\/0 +6000 1970-01-01 00:00 usr\/bin\/clock\n/)
  t.match(await listing(low), /usr\/bin\/now -> clock\n/)
  t.match(await listing(low), new RegExp(` ${'long/'.repeat(60)}name\n`))
  t.match(await listing(high), / app\/é\n/)
})

t.test('exchanges archives with skopeo in both directions', async (t) => {
  const { folder, file, image } = await makeClock(t, { tag: 'clock:1.0.0' })
  const [same, oci, docker, gzip] = ['same.tar', 'oci.tar', 'docker.tar', 'docker.tar.gz'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string]
  await run('skopeo', ['copy', `docker-archive:${file}`, `oci-archive:${oci}:clock`])
  await run('skopeo', ['copy', `oci-archive:${oci}:clock`, `docker-archive:${docker}:clock:1.0.0`])
  await writeFile(gzip, gzipSync(await readFile(docker)))
  await run('skopeo', ['copy', `docker-archive:${file}`, `docker-archive:${same}:clock:1.0.0`])
  const kept = await readContainerArchive(same)
  t.same(kept.image, image)
  await writeDockerArchive(kept, join(folder, 'again.tar'))
  t.ok((await readFile(join(folder, 'again.tar'))).equals(await rewritten(folder, await readFile(file), 'ours.tar')))

  // skopeo gives an OCI image a new config, and keeps that config in further copies.
  const { id } = (await readContainerArchive(oci)).image
  const bytes = await rewritten(folder, await readFile(oci), 'oci-ours.tar')
  for (const path of [oci, docker, gzip]) {
    const archive = await readContainerArchive(path, { architecture: 'amd64' })
    t.same(archive.image, { ...image, id }, path)
    await writeDockerArchive(archive, join(folder, 'again.tar'))
    t.ok((await readFile(join(folder, 'again.tar'))).equals(bytes), path)
  }
})

async function rewritten(folder: string, source: Buffer, name: string, extract: Extract = {}): Promise<Buffer> {
  const path = join(folder, `source-${name}`)
  await writeFile(path, source)
  const { bytes } = await writeDockerArchive(await readContainerArchive(path), join(folder, name), extract)
  const content = await readFile(join(folder, name))
  if (content.length !== bytes) throw new Error(`${content.length} bytes, not ${bytes}`)
  return content
}

async function namesIn(file: string): Promise<string[]> {
  const names: string[] = []
  await list({ file, strict: true, onReadEntry: (entry) => names.push(entry.path) })
  return names
}

function digestHex({ config }: ReturnType<typeof imageParts>, index: number): string {
  return JSON.parse(config).rootfs.diff_ids[index].slice(7)
}
