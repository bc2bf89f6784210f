import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { homeAt } from '../home.ts'
import {
  addImage,
  baseFiles,
  type ImageRecord,
  imageDisk,
  imageRecord,
  listImages,
  markVerified,
  removeImage,
} from './images.ts'

function record(id: string, change: Partial<ImageRecord> = {}): ImageRecord {
  const createdAt = `2026-01-0${id}T00:00:00.000Z`
  return {
    id,
    release: `1.${id}.0`,
    createdAt,
    verified: false,
    contentHash: `c${id}`,
    base: 'b',
    digests: {},
    ...change,
  }
}

/** A finished folder, as a bake leaves it. */
function finished(home: string, name: string): string {
  const folder = join(home, 'work', name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'disk.qcow2'), '')
  return folder
}

t.test('images are listed newest first, and removed without a trace', async (t) => {
  const home = homeAt(t.testdir())
  t.strictSame(listImages(home), [])
  for (const id of ['1', '3', '2']) await addImage(home, finished(home.folder, id), record(id))
  t.strictSame(listImages(home), [record('3'), record('2'), record('1')])
  t.strictSame(imageRecord(home, '2'), record('2'))
  t.ok(existsSync(imageDisk(home, '2')))
  t.strictSame(readdirSync(join(home.folder, 'work')), [], 'they moved into their place')
  await removeImage(home, '2')
  await removeImage(home, '2')
  t.strictSame(
    listImages(home).map(({ id }) => id),
    ['3', '1'],
  )
  t.strictSame(readdirSync(home.images), ['1', '3'])
  t.throws(() => imageRecord(home, '2'), {
    kind: 'failed',
    message: `the image 2 is not in ${home.images}`,
    hint: 'npm run images',
  })
})

t.test('an image is verified only after it was marked', async (t) => {
  const home = homeAt(t.testdir())
  await addImage(home, finished(home.folder, '1'), record('1'))
  t.strictSame(await markVerified(home, record('1')), record('1', { verified: true }))
  t.equal(imageRecord(home, '1').verified, true)
  writeFileSync(join(home.images, '1', 'image.json'), '{"id"')
  t.equal(imageRecord(home, '1').verified, false, 'a damaged record counts as what it was before: test it again')
})

t.test('what killed runs left is no image', async (t) => {
  const home = homeAt(
    t.testdir({
      images: {
        'without-disk': { 'image.json': JSON.stringify(record('1')) },
        'without-record': { 'disk.qcow2': '' },
        '.5.removed': { 'image.json': JSON.stringify(record('5')), 'disk.qcow2': '' },
      },
    }),
  )
  t.strictSame(listImages(home), [])
  await removeImage(home, '5')
  t.notOk(existsSync(join(home.images, '.5.removed')), 'a removal that was killed half way is finished')
})

t.test('the files of a base layer', async (t) => {
  t.strictSame(baseFiles(homeAt('/h'), 'abc'), {
    folder: '/h/bases/abc',
    disk: '/h/bases/abc/disk.qcow2',
    kernel: '/h/bases/abc/vmlinuz',
    initrd: '/h/bases/abc/initrd.img',
  })
})
