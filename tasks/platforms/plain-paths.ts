import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative } from 'node:path'
import { isInstalled } from '../settings/own.ts'
import { type Home, removeSocketFolder, socketFolder } from './home.ts'

/**
 * Second names for the clone and the home, short and of plain letters only. Packer reads some paths as urls or templates, its
 * plugins and Ansible split others at blanks, commas and quotes, and UNIX sockets have short paths: none of them ever sees
 * where the clone and the home really lie.
 */
export interface PlainPaths {
  /** The plain name of a file; what is no absolute path inside the clone or the home stays as it is. */
  of(path: string): string
  /** The same for each value. */
  ofAll(values: Readonly<Record<string, string>>): Record<string, string>
  /** For temporary files of these programs. */
  readonly scratchFolder: string
  /** The names go, what they lead to stays. */
  remove(): Promise<void>
}

const project = join(import.meta.dirname, '../..')

/**
 * What Ansible finds roles and variables in, beside links to the rest of the clone. It follows links and then takes `$HOME` in
 * the real path for the variable, so that these are no links; its variables lie in the scratch folder.
 */
const copied: ReadonlySet<string> = new Set(['ansible', 'packer'])

/** Makes the names for one piece of work; the same work of a killed process has the same names. */
export async function openPlainPaths(home: Home, work: string): Promise<PlainPaths> {
  const folder = socketFolder(home, work)
  await rm(folder, { recursive: true, force: true })
  const scratchFolder = join(folder, 'tmp')
  await mkdir(scratchFolder, { recursive: true, mode: 0o700 })
  await symlink(home.folder, join(folder, 'home'))
  // What begins to exist later is found there, too: the first bake of a clone makes .venv.
  await symlink(project, join(folder, 'clone'))
  await mkdir(join(folder, 'project'))
  for (const name of await readdir(project)) {
    const [from, to] = [join(project, name), join(folder, 'project', name)]
    if (copied.has(name)) await cp(from, to, { recursive: true })
    else await symlink(from, to)
  }
  // What npm put beside the package, Node among it.
  const packages = isInstalled ? { packages: dirname(project) } : {}
  for (const [name, target] of Object.entries(packages)) await symlink(target, join(folder, name))
  // The inner one first: a home often lies inside the clone, and a clone may lie inside a home.
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

/** Removes the names of work that is over, or whose process was killed. */
export async function removePlainPaths(home: Home, work: string): Promise<void> {
  removeSocketFolder(home, work)
}
