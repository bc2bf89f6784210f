import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative } from 'node:path'
import { isInstalled } from '../settings/own.ts'
import { type Home, removeSocketFolder, socketFolder } from './home.ts'

/**
 * Short alias paths of plain letters for the clone and the home. Packer parses some paths as URLs or templates, its
 * plugins and Ansible split others at spaces, commas and quotes, and UNIX sockets need short paths: none of them ever
 * sees the real paths.
 */
export interface PlainPaths {
  /** The alias of a file; other than absolute paths inside the clone or the home, everything is returned unchanged. */
  of(path: string): string
  /** Applies `of` to each value. */
  ofAll(values: Readonly<Record<string, string>>): Record<string, string>
  /** For temporary files of these programs. */
  readonly scratchFolder: string
  /** Removes the aliases, not the files behind them. */
  remove(): Promise<void>
}

const project = join(import.meta.dirname, '../..')

/**
 * Copied, not linked: Ansible resolves links and then expands `$HOME` in the real path. The rest of the clone is linked
 * next to them, and variables go to the scratch folder.
 */
const copied: ReadonlySet<string> = new Set(['ansible', 'packer'])

/** Creates the aliases for one piece of work, the same for a rerun after a kill. */
export async function openPlainPaths(home: Home, work: string): Promise<PlainPaths> {
  const folder = socketFolder(home, work)
  await rm(folder, { recursive: true, force: true })
  const scratchFolder = join(folder, 'tmp')
  await mkdir(scratchFolder, { recursive: true, mode: 0o700 })
  await symlink(home.folder, join(folder, 'home'))
  // A link also covers what is created later: the first bake of a clone makes .venv.
  await symlink(project, join(folder, 'clone'))
  await mkdir(join(folder, 'project'))
  for (const name of await readdir(project)) {
    const [from, to] = [join(project, name), join(folder, 'project', name)]
    if (copied.has(name)) await cp(from, to, { recursive: true })
    else await symlink(from, to)
  }
  // npm puts dependencies beside the package, Node among them.
  const packages = isInstalled ? { packages: dirname(project) } : {}
  for (const [name, target] of Object.entries(packages)) await symlink(target, join(folder, name))
  // Inner folder first: a home is often inside the clone, and a clone may be inside a home.
  const named = Object.entries({ home: home.folder, clone: project, ...packages })
  const names = named.sort(([, a], [, b]) => b.length - a.length)
  const of = (path: string) => {
    for (const [name, target] of isAbsolute(path) ? names : []) {
      const inside = relative(target, path)
      const [first = ''] = inside.split('/')
      if (first === '..') continue
      return join(folder, name === 'clone' && copied.has(first) ? 'project' : name, inside)
    }
    return path
  }
  return {
    of,
    ofAll: (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, of(value)])),
    scratchFolder,
    remove: () => removePlainPaths(home, work),
  }
}

/** Removes the aliases of work that is over or was killed. */
export async function removePlainPaths(home: Home, work: string): Promise<void> {
  removeSocketFolder(home, work)
}
