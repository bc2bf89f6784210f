import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { optionKeys, optionOf } from '../options/options.ts'
import { readTargets } from '../options/target-list.ts'
import type { CheckRun } from '../run-types.ts'

/** A check that somebody else calls. */
export interface CallAgain {
  /** Tells it from other checks of this computer: what is checked, readable, and a hash of it. */
  readonly name: string
  /** Program and arguments, without any shell. */
  readonly words: readonly string[]
  /** The same to be shown, its secrets left out. */
  readonly shown: readonly string[]
  /** It asks more than urls: state, credentials, programs of the project. */
  readonly isOfGroup: boolean
}

/** How to call this check again, from any folder, with everything that flags, environment and configuration said. */
export function callAgain({ targets, options, again }: CheckRun): CallAgain {
  const file = options.targets === undefined ? undefined : resolve(options.targets)
  // Those of the file are read anew each time.
  const urls = again?.group === undefined ? urlsNamed({ targets, options }) : []
  const said = optionKeys.flatMap((key) => flagsOf(key, options[key]))
  const words = again?.words ?? [process.execPath, resolve(process.argv[1] ?? '')]
  const seed = again?.group === undefined ? [...urls.toSorted(), file ?? ''] : [again.group.id]
  const label = again?.group?.name ?? (file === undefined ? new URL(urls[0] ?? 'http://none').hostname : basename(file))
  return {
    name: nameOf(label, seed),
    words: [...words, ...said.map(({ word }) => word), ...urls],
    shown: [...words, ...said.map(({ shown }) => shown), ...urls],
    isOfGroup: again?.group !== undefined,
  }
}

function urlsNamed({ targets, options }: Pick<CheckRun, 'targets' | 'options'>): string[] {
  const listed = options.targets === undefined ? [] : readTargets([], options.targets).targets
  const known = new Set(listed.map(({ url }) => url))
  return targets.map(({ url }) => url).filter((url) => !known.has(url))
}

function flagsOf(key: (typeof optionKeys)[number], value: unknown): { word: string; shown: string }[] {
  const { flag, isOfOneRun, isFile, isSecret, unit, default: usual, parse } = optionOf(key)
  const isUsual = usual !== undefined && JSON.stringify(parse(usual)) === JSON.stringify(value)
  if (isOfOneRun || key === 'everyMs' || value === undefined || value === false || isUsual) return []
  if (value === true) return [{ word: `--${flag}`, shown: `--${flag}` }]
  return (Array.isArray(value) ? value : [value]).map((one) => {
    const text = isFile ? resolve(String(one)) : `${one}${unit ?? ''}`
    return { word: `--${flag}=${text}`, shown: `--${flag}=${isSecret ? '[secret]' : text}` }
  })
}

function nameOf(label: string, seed: readonly string[]): string {
  const readable = label
    .replace(/[^a-z0-9.]+/gi, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 40)
  const hash = createHash('sha256').update(JSON.stringify(seed)).digest('hex').slice(0, 8)
  return `${readable || 'check'}-${hash}`
}
