/**
 * How many of the lowest layers of an image a Docker daemon has already; both as lists of diffIDs, the daemon's one for each of its
 * images (`docker image inspect --format '{{json .RootFS.Layers}}'`). A daemon knows a layer by all that lie below it (its chain
 * ID), so the same layer above another one does not count.
 */
export function layersPresent(diffIds: readonly string[], images: readonly (readonly string[])[]): number {
  return Math.max(0, ...images.map((layers) => commonStart(diffIds, layers)))
}

function commonStart(left: readonly string[], right: readonly string[]): number {
  const different = left.findIndex((diffId, index) => diffId !== right[index])
  return different === -1 ? left.length : different
}
