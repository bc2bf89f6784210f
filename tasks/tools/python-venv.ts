import { createHash } from 'node:crypto'
import { mkdir, readFile, realpath, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeAtomically } from '../../checker/atomic-file.ts'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { runToEnd } from './run-to-end.ts'
import { findProgram } from './system-packages.ts'

const repository = join(import.meta.dirname, '../..')

/** Source and location of a virtual environment. */
export interface VenvPlace {
  readonly requirements: string
  readonly folder: string
  readonly python: string
}

/** The environment `name`: pinned by `test/python/NAME.txt`, created in `.venv/NAME`. */
export function venvPlace(name: string, root = repository): VenvPlace {
  return {
    requirements: join(root, 'test', 'python', `${name}.txt`),
    folder: join(root, '.venv', name),
    python: findProgram('python3') ?? 'python3',
  }
}

/**
 * The `bin` folder of the virtual environment `name`, created when it is missing, incomplete, moved or has other requirements.
 * pip uses the computer's own index. Throws an OperatorError with pip's last lines.
 */
export async function ensureVenv(
  name: string,
  progress: Progress,
  signal?: AbortSignal,
  place = venvPlace(name),
): Promise<string> {
  const stamp = join(place.folder, 'made-from')
  const isMade = async () => (await readFile(stamp, 'utf8').catch(() => undefined)) === (await fingerprint(place))
  if (!(await isMade())) {
    await progress.step(`install ${name} from PyPI into ${place.folder}`, async () => {
      await mkdir(dirname(place.folder), { recursive: true })
      await whileAlone(`${place.folder}.lock`, signal, async () => {
        // Another process may have made it while this one waited.
        if (await isMade()) return
        await rm(place.folder, { recursive: true, force: true })
        await mkdir(place.folder, { recursive: true })
        for (const argv of venvCommands(place)) {
          const { failed, said, cause } = await runToEnd(argv, {
            signal,
            stopped: `interrupted while installing ${name}`,
          })
          if (!failed) continue
          const last = said.trim().split('\n').slice(-10).join('\n')
          throw new OperatorError('failed', `installing ${name} from PyPI: ${last || argv.join(' ')}`, {
            hint: `check the network, then: ${argv.join(' ')}`,
            cause,
          })
        }
        writeAtomically(stamp, await fingerprint(place), { mode: 'kept' })
      })
    })
  }
  return join(place.folder, 'bin')
}

/** SQLITE_BUSY (https://www.sqlite.org/rescode.html). */
const busy = 5

/** Does the work under a lock file that excludes other processes, and that the system unlocks when a process dies. */
async function whileAlone<T>(file: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    while (true) {
      try {
        database.exec('BEGIN EXCLUSIVE')
        break
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== busy) throw error
      }
      await sleep(500, undefined, signal ? { signal } : {}).catch((cause) => {
        throw new OperatorError('interrupted', `interrupted while another process had ${file}`, { cause })
      })
    }
    return await work()
  } finally {
    database.close()
  }
}

/**
 * The commands that create an environment, in order. pip accepts only files whose SHA-256 is in the requirements, and
 * no source archives, because the needs of their build scripts are not pinned. Python compiles what it imports by itself.
 */
export function venvCommands(place: VenvPlace): string[][] {
  const pip = [
    join(place.folder, 'bin', 'python'),
    '-m',
    'pip',
    '--disable-pip-version-check',
    '--no-input',
    '--no-color',
  ]
  return [
    [place.python, '-m', 'venv', '--clear', place.folder],
    [
      ...[...pip, 'install', '--quiet', '--no-compile', '--no-deps', '--require-hashes', '--only-binary', ':all:'],
      ...['--requirement', place.requirements],
    ],
    [...pip, 'check'],
  ]
}

/**
 * An environment contains absolute paths and links to the Python that made it, so both count. The Python that a call
 * would use today does not: another PATH must not rebuild an environment that is in use.
 */
async function fingerprint({ requirements, folder }: VenvPlace): Promise<string> {
  const python = await realpath(join(folder, 'bin', 'python')).catch(() => undefined)
  return createHash('sha256')
    .update(JSON.stringify([await readFile(requirements, 'utf8'), folder, python]))
    .digest('hex')
}
