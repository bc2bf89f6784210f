import type { Superseded } from '../superseded.ts'
import type { Home } from './home.ts'
import { removeBase, unusedBases } from './images.ts'
import { keptDisks, removeKeptDisks } from './kept-disk.ts'

/** What bakes have left for the next one, and no image needs: Debian disks, and base layers when there are no images. */
export function supersededLayers(home: Home): Superseded[] {
  const disks = keptDisks(home)
  return [
    ...unusedBases(home).map((base) => ({ what: `the base layer ${base}`, remove: () => removeBase(home, base) })),
    ...(disks.length > 0
      ? [{ what: 'the Debian disk of a bake that failed', remove: async () => void (await removeKeptDisks(home)) }]
      : []),
  ]
}
