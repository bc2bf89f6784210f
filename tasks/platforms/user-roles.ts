import { copyFileSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { OperatorError } from '../lib/errors.ts'

/**
 * The files of Ansible roles of the user's, relative to the folder of all roles, sorted; a link within that folder counts as what it
 * leads to. Throws a usage error for what a role cannot be copied with: a link that leads elsewhere or nowhere, a socket.
 */
export function filesOfRoles(path: string, names: readonly string[]): string[] {
  return entriesOfRoles(path, names).flatMap(({ inside, isFile }) => (isFile ? [inside] : []))
}

/** Copies the roles as `filesOfRoles` sees them. Node's own copy keeps the links in a folder. */
export function copyRoles(path: string, names: readonly string[], to: string): void {
  for (const { inside, isFile } of entriesOfRoles(path, names)) {
    if (isFile) copyFileSync(join(path, inside), join(to, inside))
    else mkdirSync(join(to, inside), { recursive: true })
  }
}

interface Entry {
  /** Relative to the folder of all roles. */
  readonly inside: string
  readonly isFile: boolean
}

/** Sorted, so that a folder comes before what lies in it. */
function entriesOfRoles(path: string, names: readonly string[]): Entry[] {
  const folder = realpathSync(path)
  const entries = names.flatMap((name) => entriesIn({ path, folder, name }, name, []))
  return entries.sort((a, b) => (a.inside < b.inside ? -1 : 1))
}

interface Role {
  readonly path: string
  /** `path` without links. */
  readonly folder: string
  readonly name: string
}

/** `above`: the real folders that lead here. */
function entriesIn(role: Role, inside: string, above: readonly string[]): Entry[] {
  const real = realPath(role, inside)
  const found = statSync(real)
  if (found.isFile()) return [{ inside, isFile: true }]
  if (!found.isDirectory()) throw unfit(role, inside, 'is neither a file nor a folder')
  if (above.includes(real)) throw unfit(role, inside, 'leads back to a folder that it lies in')
  const below = readdirSync(real).flatMap((name) => entriesIn(role, join(inside, name), [...above, real]))
  return [{ inside, isFile: false }, ...below]
}

function realPath(role: Role, inside: string): string {
  const { path, folder } = role
  let real: string
  try {
    real = realpathSync(join(path, inside))
  } catch (cause) {
    throw unfit(role, inside, 'is a link that leads nowhere', cause)
  }
  if (real.startsWith(`${folder}${sep}`)) return real
  throw unfit(role, inside, `is a link to ${real}, outside of ${path} (image.roles.path)`)
}

function unfit({ name, path }: Role, inside: string, why: string, cause?: unknown): OperatorError {
  return new OperatorError('usage', `role ${name}: ${join(path, inside)} ${why}`, {
    hint: 'what a role needs lies in its folder, or in a folder beside it: copy it there',
    ...(cause === undefined ? {} : { cause }),
  })
}
