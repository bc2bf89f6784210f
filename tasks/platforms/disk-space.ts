import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { OperatorError } from '../lib/errors.ts'
import type { Home } from './home.ts'

/** Throws `refused` when less than `neededMib` is free on the home's disk. */
export async function checkDisk(home: Home, neededMib: number): Promise<void> {
  let folder = home.folder
  while (!existsSync(folder)) folder = dirname(folder)
  const { bavail, bsize } = await statfs(folder)
  const freeMib = (bavail * bsize) / 1024 ** 2
  if (freeMib >= neededMib) return
  throw new OperatorError(
    'refused',
    `${folder} has ${Math.floor(freeMib)} MiB of free disk space; ${neededMib} MiB are needed`,
    { hint: 'npm run images -- --retire removes old images; BAKEROLL_HOME moves everything to another disk' },
  )
}
