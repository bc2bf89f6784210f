import { readlinkSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { checkSettings } from '../options/options.ts'
import type { NamedFile } from '../options/target-settings.ts'
import type { CheckRun } from '../run-types.ts'
import { filesNamed } from '../settings/read.ts'
import { isHandedOver } from '../settings/secret-file.ts'

/** Some are emptied at boot, and all are cleaned up after a while (tmpfiles.d(5)). */
const temporaryFolders = ['/tmp', '/var/tmp', '/dev/shm', '/run']

/** Why a check could not run later: one line for each file that will not exist then, or is not regular. */
export function fleetingProblems(run: CheckRun): string[] {
  return neededFiles(run).flatMap(({ place, path }) => {
    const why = linksOf(path).some(isHandedOver)
      ? 'exists only for this run'
      : statSync(path, { throwIfNoEntry: false })?.isFile() === false
        ? 'is not a regular file'
        : undefined
    return why === undefined ? [] : [`${place}: ${path} ${why}; use a file that stays`]
  })
}

/** Warnings for files that exist now but may not after a reboot. */
export function fleetingNotes(run: CheckRun): string[] {
  return neededFiles(run).flatMap(({ path }) => {
    const folder = temporaryFolders.find((one) => path.startsWith(`${one}/`))
    return folder === undefined
      ? []
      : [`warning: ${path} is read on every run, and files in ${folder} may be cleaned up`]
  })
}

function neededFiles({ options, said = new Map(), again }: CheckRun): readonly NamedFile[] {
  const script = again === undefined ? [{ place: 'the checker', path: resolve(process.argv[1] ?? '') }] : []
  const all = [...script, ...[...said].flatMap(([key, text]) => filesOf(key, text)), ...(options.targets?.files ?? [])]
  return [...new Map(all.map((file) => [file.path, file])).values()]
}

/** Files that the check only writes are tested elsewhere. */
const written = ['output', 'badge', 'page', 'historyFile', 'state'].map((key) => `check.${key}`)

function filesOf(key: string, text: string): NamedFile[] {
  const setting = checkSettings.get(key)
  if (setting === undefined || written.includes(key)) return []
  return filesNamed(setting, text.split('\n')).map((path) => ({ place: `--${setting.flag}`, path }))
}

const mostLinks = 40

/** A path, and each link that it leads to. */
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
