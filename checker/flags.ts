/** The flags of the checker: name, what its value is called (none for a switch), and what it does. */
export const flags = {
  'expect-version': { value: 'VERSION', help: 'the version that must run' },
  'max-offset': { value: 'DURATION', help: 'how far the clock may be off (default 1s)' },
  'time-path': { value: 'PATH', help: 'where the service tells the time (default /now)' },
  'time-format': {
    value: 'FORMAT',
    help: 'auto, iso8601, unix, unix-ms, http-date, time-of-day or json:<pointer> (default auto)',
  },
  'version-path': { value: 'PATH', help: 'where it tells its version (default /version.txt)' },
  samples: { value: 'NUMBER', help: 'how many times to ask for the time, 1 to 100 (default 5)' },
  timeout: { value: 'DURATION', help: 'deadline of the whole run (default 10s)' },
  'warning-latency': { value: 'DURATION', help: 'slower answers are a warning' },
  'critical-latency': { value: 'DURATION', help: 'slower answers are critical' },
  'warning-certificate': { value: 'DAYS', help: 'fewer days left are a warning, 0 for never (default 7)' },
  format: { value: 'FORMAT', help: 'text, json, nagios, prometheus or junit (default text)' },
  json: { value: undefined, help: 'the same as --format json' },
  output: { value: 'FILE', help: 'write the report to FILE, atomically; the summary goes to stdout' },
  help: { value: undefined, help: 'print this help' },
  version: { value: undefined, help: 'print the version of the checker' },
} as const

export type FlagName = keyof typeof flags

/** A command line taken apart: each flag with its value (empty for a switch), the rest in order, and what is wrong. */
export interface ParsedFlags {
  readonly values: ReadonlyMap<FlagName, string>
  readonly rest: readonly string[]
  readonly problems: readonly string[]
}

/** Takes a command line apart: `--flag value`, `--flag=value`, `--switch`; after `--` everything is a url. */
export function parseFlags(argv: readonly string[]): ParsedFlags {
  const values = new Map<FlagName, string>()
  const rest: string[] = []
  const problems: string[] = []
  const words = [...argv]
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') {
      rest.push(...words.splice(0))
    } else if (!word.startsWith('-') || word === '-') {
      rest.push(word)
    } else {
      takeFlag(word)
    }
  }
  return { values, rest, problems }

  function takeFlag(word: string): void {
    const [, dashed = word, inline] = /^(--[^=]+)(?:=(.*))?$/s.exec(word) ?? []
    const name = dashed.slice(2)
    if (!isFlagName(name) || !dashed.startsWith('--')) {
      problems.push(`${dashed}: unknown flag${suggestion(name)}`)
      // Its value, if it was meant to have one, is no url.
      if (inline === undefined && words[0] !== undefined && !/^-|:\/\//.test(words[0])) words.shift()
      return
    }
    const isSwitch = flags[name].value === undefined
    const next = isSwitch || inline !== undefined || words[0]?.startsWith('--') ? undefined : words.shift()
    const value = inline ?? next
    if (isSwitch && inline !== undefined) problems.push(`--${name}: takes no value, got ${JSON.stringify(inline)}`)
    if (!isSwitch && value === undefined) problems.push(`--${name}: expected a value (${flags[name].value})`)
    if (values.has(name)) problems.push(`--${name}: given twice`)
    if (isSwitch || value !== undefined) values.set(name, value ?? '')
  }
}

function isFlagName(name: string): name is FlagName {
  return Object.hasOwn(flags, name)
}

function suggestion(name: string): string {
  const nearest = Object.keys(flags)
    .map((flag) => ({ flag, distance: editDistance(name, flag) }))
    .toSorted((a, b) => a.distance - b.distance)[0]
  return nearest !== undefined && nearest.distance <= Math.max(2, name.length / 3)
    ? `; did you mean --${nearest.flag}?`
    : ''
}

/** Levenshtein's: how many letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
