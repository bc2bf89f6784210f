import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContainerArchive } from '../tools/container-archive/read.ts'
import { writeDockerArchive, writeLowestLayers } from '../tools/container-archive/write.ts'
import { type ImageContent, releaseFiles } from './image-content.ts'
import { copyRoles } from './user-roles.ts'

/** What the roles are told: paths and plain words. */
export type RoleVariables = Record<string, string>

/**
 * Writes what the roles need into `folder`: the lowest layers of the container image, which stay in the base layer, the rest of it,
 * and the files of the release.
 */
export async function roleVariables(content: ImageContent, folder: string): Promise<RoleVariables> {
  await mkdir(folder, { recursive: true })
  const { archive, lowest } = await content.image.archive(folder)
  const { release, service, packages, roles } = content
  const at = (name: string) => join(folder, name)
  const tag = containerTag(release)
  await writeDockerArchive(archive, at('whole.tar'), { tag })
  if (lowest > 0) await writeDockerArchive(archive, at('rest.tar'), { tag, withoutLowest: lowest })
  await writeReleaseFiles(content, folder)
  // Ansible gets a copy, because it cannot read every path that a project may have.
  if (roles.path !== undefined) copyRoles(roles.path, [...new Set([...roles.base, ...roles.release])], at('roles'))
  return {
    ...releaseVariables({ release, imageId: archive.image.id, secrets: service.secrets, roles: roles.release, folder }),
    in_place: '',
    packages: packages.join(' '),
    ...(await lowestVariables(archive, lowest, at('layers.tar'))),
    container_archive: at(lowest > 0 ? 'rest.tar' : 'whole.tar'),
    whole_container_archive: at('whole.tar'),
    base_roles: roles.base.join(' '),
  }
}

/** The name of its container image on a machine. */
export function containerTag(release: string): string {
  return `bakeroll/service:${release}`
}

/** What the release layer is told of the files that lie in `folder`. */
export function releaseVariables(told: {
  readonly release: string
  /** Of the container image. */
  readonly imageId: string
  /** Names. */
  readonly secrets: readonly string[]
  /** The user's own, of the release. */
  readonly roles: readonly string[]
  readonly folder: string
}): RoleVariables {
  const at = (name: string) => join(told.folder, name)
  return {
    release: told.release,
    secret_names: told.secrets.join(' '),
    container_image: told.imageId,
    nginx_conf: at('nginx_conf'),
    service_json: at('service_json'),
    roles_path: at('roles'),
    release_roles: told.roles.join(' '),
  }
}

async function lowestVariables(archive: ContainerArchive, count: number, path: string): Promise<RoleVariables> {
  if (count === 0) return { layers_archive: '', layers_image: '' }
  const id = await writeLowestLayers(archive, path, { count, tag: 'bakeroll/layers:base' })
  return { layers_archive: path, layers_image: id }
}

/** The files of `releaseFiles`, under their names. */
export async function writeReleaseFiles(content: ImageContent, folder: string): Promise<void> {
  await Promise.all(
    Object.entries(releaseFiles(content)).map(async ([name, text]) => {
      const path = join(folder, name)
      await writeFile(path, text)
      await chmod(path, 0o644)
    }),
  )
}
