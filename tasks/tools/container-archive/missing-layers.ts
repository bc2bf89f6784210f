/**
 * How many of the lowest layers of an image a Docker daemon already has. Both are lists of diffIDs, the daemon's one list per
 * image (`docker image inspect --format '{{json .RootFS.Layers}}'`). A daemon identifies a layer by everything below it (chain
 * ID), so the same layer on top of another one does not count.
 */
export function layersPresent(diffIds: readonly string[], images: readonly (readonly string[])[]): number {
  return Math.max(0, ...images.map((layers) => commonStart(diffIds, layers)))
}

function commonStart(left: readonly string[], right: readonly string[]): number {
  const different = left.findIndex((diffId, index) => diffId !== right[index])
  return different === -1 ? left.length : different
}
