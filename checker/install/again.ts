import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { type CheckOptions, checkSettings } from '../options/options.ts'
import type { CheckRun } from '../run-types.ts'
import { variableOf } from '../settings/setting.ts'

/** A check that cron or systemd calls. */
export interface CallAgain {
  /** Unique on this computer: what is checked, readable, and a hash of it. */
  readonly name: string
  /** Program and arguments, without a shell and without secrets. */
  readonly words: readonly string[]
  /** Environment variables it needs: secrets, and those that locate the project. */
  readonly variables: Readonly<Record<string, string>>
  /** It needs more than urls: state, credentials, programs of the project. */
  readonly isOfGroup: boolean
}

/** The command that repeats this check from any folder, with everything that flags, environment and configuration set. */
export function callAgain({ targets, options, said = new Map(), again }: CheckRun): CallAgain {
  const file = options.targets?.file
  // The file's urls are read on every run.
  const urls = again?.group === undefined ? urlsNamed(targets, options) : []
  const variables: Record<string, string> = {}
  const flags: string[] = []
  // `--json` sets it.
  const all = options.format === 'json' ? new Map([...said, ['check.format', 'json']]) : said
  for (const [key, text] of all) {
    const setting = checkSettings.get(key)
    if (setting === undefined || setting.elsewhere === 'nowhere' || key === 'check.everyMs') continue
    const { flag, kind, isSecret } = setting
    const values = kind.isRepeatable ? text.split('\n') : [text]
    const isSwitch = kind.placeholder === undefined
    // A secret that is not in a file of its own; mixed values stay together to keep their order.
    if (isSecret && !values.every((value) => value.startsWith('@'))) variables[variableOf(key)] = values.join('\n')
    else if (!isSwitch) flags.push(...values.map((value) => `--${flag}=${value}`))
    else if (/^(true|1)$/.test(text)) flags.push(`--${flag}`)
  }
  const words = again?.words ?? [process.execPath, resolve(process.argv[1] ?? '')]
  const seed = again?.group === undefined ? [...urls.toSorted(), file ?? ''] : [again.group.id]
  const label = again?.group?.name ?? (file === undefined ? new URL(urls[0] ?? 'http://none').hostname : basename(file))
  return {
    name: nameOf(label, seed),
    words: [...words, ...flags, ...urls],
    variables: {
      ...again?.variables,
      ...((options.notify ?? options.heartbeat) === undefined ? {} : proxyVariables()),
      ...variables,
    },
    isOfGroup: again?.group !== undefined,
  }
}

function urlsNamed(targets: CheckRun['targets'], { targets: list }: CheckOptions): string[] {
  const known = new Set(list?.named.map(({ text }) => text))
  return targets.map(({ url }) => url).filter((url) => !known.has(url))
}

/** cron and systemd do not set them, and notices would not be delivered without. */
function proxyVariables(): Record<string, string> {
  const named = Object.entries(process.env).filter(([name]) => /^(https?|all|no)_proxy$/i.test(name))
  return Object.fromEntries(named.filter((entry): entry is [string, string] => (entry[1] ?? '') !== ''))
}

function nameOf(label: string, seed: readonly string[]): string {
  const readable = label
    .replace(/[^a-z0-9.]+/gi, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 40)
  const hash = createHash('sha256').update(JSON.stringify(seed)).digest('hex').slice(0, 8)
  return `${readable || 'check'}-${hash}`
}
