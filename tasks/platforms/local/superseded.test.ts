import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { homeAt } from '../home.ts'
import { diskIn, disksFolder } from './kept-disk.ts'
import { bakeLockFile, takeLock } from './lock.ts'
import { supersededLayers } from './superseded.ts'

/** A home with a base layer and a Debian disk, and with an image on that base or not. */
function homeWith(folder: string, image: boolean) {
  const home = homeAt(folder)
  for (const path of [join(home.bases, 'abc-1'), join(disksFolder(home), 'def')]) {
    mkdirSync(path, { recursive: true })
    writeFileSync(diskIn(path).disk, '')
  }
  if (image) {
    mkdirSync(join(home.images, 'one'), { recursive: true })
    writeFileSync(join(home.images, 'one', 'disk.qcow2'), '')
    const record = { id: 'one', release: '1.0.0', createdAt: '2026-01-01T00:00:00Z', verified: true, base: 'abc-1' }
    writeFileSync(join(home.images, 'one', 'image.json'), JSON.stringify(record))
  }
  return home
}

const told = (home: ReturnType<typeof homeAt>) => supersededLayers(home).map(({ what }) => what)

t.test('what no image needs of the layers is told and removed', async (t) => {
  const home = homeWith(t.testdir(), false)
  t.same(told(home), ['the base layer abc-1', 'the Debian disk def'])
  for (const { remove } of supersededLayers(home)) await remove()
  t.same(told(home), [])
  t.notOk(existsSync(join(home.bases, 'abc-1')) || existsSync(disksFolder(home)))
})

t.test('the base of an image stays', async (t) => {
  t.same(told(homeWith(t.testdir(), true)), ['the Debian disk def'])
})

t.test('a bake under way keeps its own', async (t) => {
  const home = homeWith(t.testdir(), false)
  const layers = supersededLayers(home)
  const lock = await takeLock(bakeLockFile(home), 'bake')
  t.same(told(home), [])
  await t.rejects(layers[0]?.remove() ?? Promise.resolve(), { kind: 'refused', message: /^bake has been running/ })
  t.ok(existsSync(join(home.bases, 'abc-1')))
  await lock.release()
})
