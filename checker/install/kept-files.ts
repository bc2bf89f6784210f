import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type OptionKey, optionKeys, optionOf } from '../options/options.ts'
import { isHandedOver, secretKeys } from '../options/secrets.ts'
import { wordsOf } from '../options/target-settings.ts'
import type { CheckRun } from '../run-types.ts'

/** A file that an installed check reads again and again. */
interface NeededFile {
  /** Who names it: a flag, or a line of the file of targets. */
  readonly place: string
  readonly path: string
}

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

function neededFiles({ targets, options, said = options, modules, again }: CheckRun): NeededFile[] {
  const settings = [...targets.map(({ options }) => options), ...(modules?.values() ?? [])]
  const script = again === undefined ? [{ place: 'the checker', path: resolve(process.argv[1] ?? '') }] : []
  const all = [
    ...script,
    ...optionKeys.flatMap((key) => filesOf(key, said[key])),
    ...settings.flatMap((own) => optionKeys.flatMap((key) => filesOf(key, own?.[key]))),
    ...(options.targets === undefined ? [] : secretsNamedIn(options.targets)),
  ]
  return [...new Map(all.map((file) => [file.path, file])).values()]
}

/** What the check only writes is tried before. */
const written = new Set<OptionKey>(['output', 'badge', 'page', 'historyFile', 'state'])

function filesOf(key: OptionKey, value: unknown): NeededFile[] {
  const { flag, isFile, isSecret } = optionOf(key)
  if (value === undefined || written.has(key) || !(isFile || isSecret)) return []
  const texts = [value].flat().map(String)
  const paths = isSecret ? texts.flatMap((text) => (text.startsWith('@') ? [text.slice(1)] : [])) : texts
  return paths.map((path) => ({ place: `--${flag}`, path: resolve(path) }))
}

/** The `@FILE` that the lines of a file of targets name. */
function secretsNamedIn(file: string): NeededFile[] {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return []
  const flags = secretKeys.map((key) => optionOf(key).flag)
  const lines = readFileSync(file, 'utf8').split(/\r?\n/)
  return lines.flatMap((line, index) =>
    wordsOf(line).flatMap((word) => {
      const [, flag = '', path = ''] = /^([\w-]+)=@(.+)$/s.exec(word) ?? []
      if (!flags.includes(flag)) return []
      return [{ place: `${file}:${index + 1}: ${flag}`, path: resolve(dirname(file), path) }]
    }),
  )
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
