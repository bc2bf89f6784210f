import { readlinkSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { checkSettings } from '../options/options.ts'
import type { NamedFile } from '../options/target-settings.ts'
import type { CheckRun } from '../run-types.ts'
import { filesNamed } from '../settings/read.ts'
import { isHandedOver } from '../settings/secret-file.ts'

/** Of these some are emptied when the computer starts, and all are cleaned up after a while (tmpfiles.d(5)). */
const temporaryFolders = ['/tmp', '/var/tmp', '/dev/shm', '/run']

/** Why a check could not be called later, one line for each file that will not be there then, or is no file. */
export function fleetingProblems(run: CheckRun): string[] {
  return neededFiles(run).flatMap(({ place, path }) => {
    const why = linksOf(path).some(isHandedOver)
      ? 'is there for this run alone'
      : statSync(path, { throwIfNoEntry: false })?.isFile() === false
        ? 'is not a regular file'
        : undefined
    return why === undefined ? [] : [`${place}: ${path} ${why}; name a file that stays`]
  })
}

/** What should be known of files that are there now, and may not be after the computer has started again. */
export function fleetingNotes(run: CheckRun): string[] {
  return neededFiles(run).flatMap(({ path }) => {
    const folder = temporaryFolders.find((one) => path.startsWith(`${one}/`))
    return folder === undefined ? [] : [`warning: ${path} is read each time, and files in ${folder} may be cleaned up`]
  })
}

function neededFiles({ options, said = new Map(), again }: CheckRun): readonly NamedFile[] {
  const script = again === undefined ? [{ place: 'the checker', path: resolve(process.argv[1] ?? '') }] : []
  const all = [...script, ...[...said].flatMap(([key, text]) => filesOf(key, text)), ...(options.targets?.files ?? [])]
  return [...new Map(all.map((file) => [file.path, file])).values()]
}

/** What the check only writes is tried before. */
const written = ['output', 'badge', 'page', 'historyFile', 'state'].map((key) => `check.${key}`)

function filesOf(key: string, text: string): NamedFile[] {
  const setting = checkSettings.get(key)
  if (setting === undefined || written.includes(key)) return []
  return filesNamed(setting, text.split('\n')).map((path) => ({ place: `--${setting.flag}`, path }))
}

const mostLinks = 40

/** A path, and where it leads, link by link. */
function linksOf(path: string): string[] {
  const all = [path]
  for (let at: string | undefined = path; at !== undefined && all.length < mostLinks && !isHandedOver(at); ) {
    at = linkOf(at)
    if (at !== undefined) all.push(at)
  }
  return all
}

function linkOf(path: string): string | undefined {
  try {
    return resolve(dirname(path), readlinkSync(path))
  } catch {
    return undefined
  }
}
