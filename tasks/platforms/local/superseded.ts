import type { Superseded } from '../../lib/platform.ts'
import type { Home } from '../home.ts'
import { removeBase, unusedBases } from './images.ts'
import { keptDisks, removeKeptDisks } from './kept-disk.ts'
import { bakeLockFile, lockOwnerOf, takeLock } from './lock.ts'

/**
 * What bakes keep for the next one but no image needs: Debian disks, and base layers when there are no images. Empty
 * during a bake, which may be using them.
 */
export function supersededLayers(home: Home): Superseded[] {
  const lockFile = bakeLockFile(home)
  if (lockOwnerOf(lockFile) !== undefined) return []
  const alone = (what: string, work: () => Promise<unknown>): Superseded => ({
    what,
    async remove() {
      const lock = await takeLock(lockFile, 'removal of layers')
      await work().finally(lock.release)
    },
  })
  return [
    ...unusedBases(home).map((base) => alone(`the base layer ${base}`, () => removeBase(home, base))),
    ...keptDisks(home).map((hash) => alone(`the Debian disk ${hash}`, () => removeKeptDisks(home))),
  ]
}
