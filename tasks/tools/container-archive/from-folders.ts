import { digestOf } from './digest.ts'
import { inPlaceOf } from './draft-file.ts'
import { folderTar } from './folder-tar.ts'
import type { ContainerImage, ExposedPort } from './image.ts'
import { writeMember } from './tar-file.ts'
import { epoch, layerName, writeTexts } from './write.ts'

/** The config of an image to be made from folders. */
export interface FolderImage {
  /** One layer per folder, the lowest first. */
  readonly folders: readonly string[]
  readonly architecture: string
  readonly user: string
  readonly entryPoint: readonly string[]
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly ports: readonly ExposedPort[]
  readonly tag?: string | undefined
}

/** Writes a container archive whose layers are folders, reading each once. The same folders and facts give the same bytes. */
export async function writeFolderImage(image: FolderImage, path: string): Promise<ContainerImage> {
  return inPlaceOf(path, async (file) => {
    const layers: { diffId: string; bytes: number }[] = []
    let end = 0
    for (const folder of image.folders) {
      const layer = await writeMember(file, end, folderTar(folder), layerName)
      // A repeated layer is one member; the next layer overwrites its second copy.
      const isNew = !layers.some(({ diffId }) => diffId === layer.digest)
      if (isNew) end = layer.end
      await file.truncate(end)
      layers.push({ diffId: layer.digest, bytes: layer.bytes })
    }
    const config = configOf(
      image,
      layers.map(({ diffId }) => diffId),
    )
    const id = digestOf(config)
    await writeTexts(file, end, { id, config, names: layers.map(({ diffId }) => layerName(diffId)), tag: image.tag })
    const { architecture, user, entryPoint, command, ports } = image
    return { id, architecture, os: 'linux', layers, ports, user, entryPoint, command, envNames: Object.keys(image.env) }
  })
}

/** Its digest is the image's id, so the order of keys is fixed here, and it contains no time. */
function configOf(image: FolderImage, diffIds: readonly string[]): Buffer {
  const { architecture, user, entryPoint, command, env, ports } = image
  const config = {
    architecture,
    config: {
      ExposedPorts: Object.fromEntries(ports.map(({ port, protocol }) => [`${port}/${protocol}`, {}])),
      User: user,
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      Entrypoint: entryPoint,
      Cmd: command,
    },
    created: epoch,
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: diffIds },
  }
  return Buffer.from(JSON.stringify(config))
}
