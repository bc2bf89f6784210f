import { mkdir, readlink, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isAlive, thisProcess } from '../../checker/process-identity.ts'
import { stopProcess } from '../tools/process.ts'
import { foldersIn, type Home } from './home.ts'
import { openPlainPaths, type PlainPaths } from './plain-paths.ts'

/** The temporary files of one process that delivers in place. */
export interface DeliveryWork {
  readonly folder: string
  readonly paths: PlainPaths
}

/** Folder and aliases bear the process's name, so that others can tell whether it lives. They go when the verb ends. */
export async function openDeliveryWork(
  home: Home,
  onExit: (cleanup: () => Promise<void>) => void,
): Promise<DeliveryWork> {
  const { pid, started } = thisProcess()
  const name = `in-place-${pid}-${started}`
  const folder = join(workFolder(home), name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const paths = await openPlainPaths(home, `.${name}`)
  await rm(join(folder, aliasesName), { force: true })
  await symlink(dirname(paths.scratchFolder), join(folder, aliasesName))
  onExit(async () => {
    await paths.remove()
    await rm(folder, { recursive: true, force: true })
  })
  return { folder, paths }
}

/** Leads to the aliases, which lie elsewhere. */
const aliasesName = 'aliases'

/** The folder of one instance, with the process id of the Ansible that works there. */
export function instanceWork(
  { folder }: Pick<DeliveryWork, 'folder'>,
  id: string,
): { folder: string; pidFile: string } {
  return { folder: join(folder, id), pidFile: join(folder, id, 'ansible.pid') }
}

export function isDeliveryWork(name: string): boolean {
  return ownerOf(name) !== undefined
}

/** Removes what killed processes left, and ends the Ansible that they started, which would go on changing an instance. */
export async function clearDeliveryWork(home: Home): Promise<void> {
  for (const name of foldersIn(workFolder(home))) {
    const owner = ownerOf(name)
    if (owner === undefined || isAlive(owner)) continue
    const folder = join(workFolder(home), name)
    for (const id of foldersIn(folder)) await stopProcess(instanceWork({ folder }, id).pidFile, join(name, id), true)
    const aliases = await readlink(join(folder, aliasesName)).catch(() => undefined)
    // The system may have removed them, and somebody else may have the place by now.
    if (aliases !== undefined) await rm(aliases, { recursive: true, force: true }).catch(() => undefined)
    await rm(folder, { recursive: true, force: true })
  }
}

function ownerOf(name: string) {
  const [, pid, started = ''] = /^in-place-(\d+)-(\d*)$/.exec(name) ?? []
  return pid === undefined ? undefined : { pid: Number(pid), started }
}

function workFolder(home: Home): string {
  return join(home.folder, 'work')
}
