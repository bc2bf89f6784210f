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
  const tag = `bakeroll/service:${release}`
  await writeDockerArchive(archive, at('whole.tar'), { tag })
  if (lowest > 0) await writeDockerArchive(archive, at('rest.tar'), { tag, withoutLowest: lowest })
  return {
    release,
    in_place: '',
    secret_names: service.secrets.join(' '),
    packages: packages.join(' '),
    ...(await lowestVariables(archive, lowest, at('layers.tar'))),
    container_image: archive.image.id,
    container_archive: at(lowest > 0 ? 'rest.tar' : 'whole.tar'),
    whole_container_archive: at('whole.tar'),
    ...(await writeReleaseFiles(content, folder)),
    roles_path: copiedRoles(roles, at('roles')),
    base_roles: roles.base.join(' '),
    release_roles: roles.release.join(' '),
  }
}

async function lowestVariables(archive: ContainerArchive, count: number, path: string): Promise<RoleVariables> {
  if (count === 0) return { layers_archive: '', layers_image: '' }
  const id = await writeLowestLayers(archive, path, { count, tag: 'bakeroll/layers:base' })
  return { layers_archive: path, layers_image: id }
}

/** Ansible gets a copy, because it cannot read every path that a project may have. */
function copiedRoles({ path, base, release }: ImageContent['roles'], to: string): string {
  if (path === undefined) return ''
  copyRoles(path, [...new Set([...base, ...release])], to)
  return to
}

async function writeReleaseFiles(content: ImageContent, folder: string): Promise<RoleVariables> {
  const files = Object.entries(releaseFiles(content))
  return Object.fromEntries(
    await Promise.all(
      files.map(async ([variable, text]) => {
        const path = join(folder, variable)
        await writeFile(path, text)
        await chmod(path, 0o644)
        return [variable, path] as const
      }),
    ),
  )
}
