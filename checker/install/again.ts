import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { variableOf } from '../options/environment.ts'
import { type OptionKey, optionKeys, optionOf } from '../options/options.ts'
import { secretKeys, secretsAsSaid } from '../options/secrets.ts'
import { readTargets } from '../options/target-list.ts'
import type { CheckRun } from '../run-types.ts'

/** A check that somebody else calls. */
export interface CallAgain {
  /** Tells it from other checks of this computer: what is checked, readable, and a hash of it. */
  readonly name: string
  /** Program and arguments, without any shell, and without any secret. */
  readonly words: readonly string[]
  /** What the environment must hold beside that: secrets, and what the project is found by. */
  readonly variables: Readonly<Record<string, string>>
  /** It asks more than urls: state, credentials, programs of the project. */
  readonly isOfGroup: boolean
}

/** How to call this check again, from any folder, with everything that flags, environment and configuration said. */
export function callAgain({ targets, options, said = options, again }: CheckRun): CallAgain {
  const file = options.targets === undefined ? undefined : resolve(options.targets)
  // Those of the file are read anew each time.
  const urls = again?.group === undefined ? urlsNamed({ targets, options }) : []
  const secrets = secretKeys.flatMap((key) => variablesOf(key, said[key]))
  const isLeftOut = (key: OptionKey) => secrets.some((secret) => secret.key === key)
  const flags = optionKeys.flatMap((key) => (isLeftOut(key) ? [] : flagsOf(key, said[key])))
  const words = again?.words ?? [process.execPath, resolve(process.argv[1] ?? '')]
  const seed = again?.group === undefined ? [...urls.toSorted(), file ?? ''] : [again.group.id]
  const label = again?.group?.name ?? (file === undefined ? new URL(urls[0] ?? 'http://none').hostname : basename(file))
  return {
    name: nameOf(label, seed),
    words: [...words, ...flags, ...urls],
    variables: {
      ...again?.variables,
      ...((options.notify ?? options.heartbeat) === undefined ? {} : proxyVariables()),
      ...Object.fromEntries(secrets.map(({ key, text }) => [variableOf(key), text])),
    },
    isOfGroup: again?.group !== undefined,
  }
}

function urlsNamed({ targets, options }: Pick<CheckRun, 'targets' | 'options'>): string[] {
  const listed = options.targets === undefined ? [] : readTargets([], options.targets).targets
  const known = new Set(listed.map(({ url }) => url))
  return targets.map(({ url }) => url).filter((url) => !known.has(url))
}

/** Whoever calls the check later has none of them, and what is told others would not arrive. */
function proxyVariables(): Record<string, string> {
  const named = Object.entries(process.env).filter(([name]) => /^(https?|all|no)_proxy$/i.test(name))
  return Object.fromEntries(named.filter((entry): entry is [string, string] => (entry[1] ?? '') !== ''))
}

/** A secret that stands in no file of its own; where some of an option do, the order stays. */
function variablesOf(key: OptionKey, said: unknown): { key: OptionKey; text: string }[] {
  if (said === undefined) return []
  const all = secretsAsSaid(said as string | readonly string[])
  return all.every((text) => text.startsWith('@')) ? [] : [{ key, text: all.join('\n') }]
}

function flagsOf(key: OptionKey, value: unknown): string[] {
  const { flag, isOfOneRun, isFile, isSecret, unit, default: usual, parse } = optionOf(key)
  const isUsual = usual !== undefined && JSON.stringify(parse(usual)) === JSON.stringify(value)
  if (isOfOneRun || key === 'everyMs' || value === undefined || value === false || isUsual) return []
  if (value === true) return [`--${flag}`]
  if (isSecret) return secretsAsSaid(value as string | readonly string[]).map((text) => `--${flag}=${text}`)
  return [value].flat().map((one) => `--${flag}=${isFile ? resolve(String(one)) : `${one}${unit ?? ''}`}`)
}

function nameOf(label: string, seed: readonly string[]): string {
  const readable = label
    .replace(/[^a-z0-9.]+/gi, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 40)
  const hash = createHash('sha256').update(JSON.stringify(seed)).digest('hex').slice(0, 8)
  return `${readable || 'check'}-${hash}`
}
