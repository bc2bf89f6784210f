import { nearest } from './nearest.ts'

/** How one kind of value is read from text (flags, environment) and from `bakeroll.config.ts`. */
export interface Kind<T> {
  /** What would be right, after "expected". */
  readonly expected: string
  /** What the value is called in help; a switch has none. */
  readonly placeholder: string | undefined
  /** True when a relative value is resolved against the folder that the user stands in. */
  readonly isPath?: true
  /** True when a value `@FILE` names a file that holds the value; relative ones are resolved in the same way. */
  readonly mayBeFile?: true
  /** What the flag means when it is given without a value. */
  readonly bare?: string
  /** True when its flag may be given several times; the text then has a line for each. */
  readonly isRepeatable?: true
  /** Undefined when the text is no such value. */
  fromText(text: string): T | undefined
  /** Undefined when the value of the configuration file is no such value. */
  fromConfig(value: unknown): T | undefined
  /** The value that a mistyped text most likely means. */
  suggest?(text: string): string | undefined
  /** Which limit a text goes beyond that has the right form. */
  limit?(text: string): string | undefined
  /** How help writes a default. */
  show?(value: T): string
}

/** A whole number between two bounds, both included. */
export function wholeNumber(lowest: number, highest: number, placeholder = 'NUMBER'): Kind<number> {
  const inRange = (value: number) => (value >= lowest && value <= highest ? value : undefined)
  return {
    expected: `a whole number from ${lowest} to ${highest}`,
    placeholder,
    fromText: (text) => (/^\d{1,10}$/.test(text) ? inRange(Number(text)) : undefined),
    fromConfig: (value) => (Number.isInteger(value) ? inRange(Number(value)) : undefined),
  }
}

/** Text that matches a pattern. */
export function text(expected: string, pattern: RegExp, placeholder: string): Kind<string> {
  const fromText = (value: string) => (pattern.test(value) ? value : undefined)
  return { expected, placeholder, fromText, fromConfig: (value) => ofString(value, fromText) }
}

/** The path of a file or folder. */
export function path(placeholder: 'FILE' | 'FOLDER'): Kind<string> {
  return { ...text('a path', /\S/, placeholder), isPath: true }
}

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly Word[], placeholder = words.join('|')): Kind<Word> {
  const fromText = (value: string) => words.find((word) => word === value)
  return {
    expected: words.join(', ').replace(/, ([^,]+)$/, ' or $1'),
    placeholder,
    fromText,
    fromConfig: (value) => ofString(value, fromText),
    suggest: (value) => nearest(value, words),
  }
}

/** A count of instances or a share of the group, kept as it was written: `2`, `25%`. */
export function countOrPercent(): Kind<string> {
  return {
    expected: 'a count or a percent, like 2 or 25%',
    placeholder: 'COUNT|PERCENT',
    fromText: toCountOrPercent,
    fromConfig: countOrPercentOfConfig,
    limit: limitOfCount,
  }
}

/** Several of them, each above 0: `1,25%,50%`, in the configuration file a list. */
export function countsOrPercents(): Kind<readonly string[]> {
  const judged = (values: readonly (string | undefined)[]) =>
    values.every((value): value is string => value !== undefined && !/^0/.test(value)) ? values : undefined
  return {
    expected: 'counts or percents above 0, like 1,25%,50%',
    placeholder: 'LIST',
    fromText: (text) => judged(text.split(',').map((word) => toCountOrPercent(word.trim()))),
    fromConfig: (value) => (Array.isArray(value) ? judged(value.map(countOrPercentOfConfig)) : undefined),
    limit: (text) =>
      text
        .split(',')
        .map(limitOfCount)
        .find((limit) => limit !== undefined),
  }
}

function toCountOrPercent(text: string): string | undefined {
  const [, digits, percent] = /^(\d{1,4})(%?)$/.exec(text) ?? []
  if (digits === undefined || (percent === '%' && Number(digits) > 100)) return undefined
  return `${Number(digits)}${percent}`
}

function limitOfCount(text: string): string | undefined {
  const [, digits, percent] = /^\s*(\d+)(%?)\s*$/.exec(text) ?? []
  if (digits === undefined || toCountOrPercent(`${digits}${percent}`) !== undefined) return undefined
  return percent === '%' ? 'a percent is at most 100%' : 'a count is at most 9999'
}

function countOrPercentOfConfig(value: unknown): string | undefined {
  return typeof value === 'number' ? toCountOrPercent(String(value)) : ofString(value, toCountOrPercent)
}

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * A duration, as text always with its unit (`500ms`, `10m`); a bare number in the configuration file counts in the
 * unit that the setting's name ends with. Zero and more than 30 days are refused.
 */
export function duration(unit: 'ms' | 's'): Kind<number> {
  const inRange = (ms: number) => (ms >= 1 && ms <= 30 * unitsMs.d ? ms / unitsMs[unit] : undefined)
  const msOf = (value: string) => {
    const [, amount, suffix] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) ?? []
    return Number(amount) * unitsMs[suffix as keyof typeof unitsMs]
  }
  const fromText = (value: string) => inRange(msOf(value))
  return {
    expected: 'a duration with its unit, like 500ms, 30s, 10m or 1h',
    placeholder: 'DURATION',
    fromText,
    fromConfig: (value) => (typeof value === 'number' ? inRange(value * unitsMs[unit]) : ofString(value, fromText)),
    limit: (value) => (msOf(value) > 30 * unitsMs.d ? 'a duration is at most 30d' : undefined),
    show: (value) => showDuration(value * unitsMs[unit]),
  }
}

/** Yes or no; a switch on the command line. */
export const yesOrNo: Kind<boolean> = {
  expected: 'true or false',
  placeholder: undefined,
  fromText: (value) => (/^(true|1)$/.test(value) ? true : /^(false|0)$/.test(value) ? false : undefined),
  fromConfig: (value) => (typeof value === 'boolean' ? value : undefined),
}

/** Several words, as text with commas between them. */
export function list(expected: string, pattern: RegExp, placeholder: string): Kind<readonly string[]> {
  const judged = (words: readonly unknown[]) =>
    words.every((word): word is string => typeof word === 'string' && pattern.test(word)) ? words : undefined
  return {
    expected: `${expected}, with commas between them`,
    placeholder,
    fromText: (value) => judged(value.split(',').map((word) => word.trim())),
    fromConfig: (value) => (Array.isArray(value) ? judged(value) : undefined),
    show: (value) => value.join(','),
  }
}

/** Values by name: as text `Name=value,Other=value`, in the configuration file an object. */
export function pairs(placeholder: string): Kind<ReadonlyMap<string, string>> {
  return {
    expected: 'Name=value, with commas between several',
    placeholder,
    fromText(value) {
      const entries = value.split(/,(?=[^,=]+=)/).map((entry) => /^\s*([^=\s]+)=(.*)$/.exec(entry))
      const named = entries.map((entry): [string, string] => [entry?.[1] ?? '', entry?.[2] ?? ''])
      return entries.every((entry) => entry !== null) ? new Map(named) : undefined
    },
    fromConfig(value) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
      const isPlain = (one: unknown) => ['string', 'number', 'boolean'].includes(typeof one)
      const entries = Object.entries(value)
      if (!entries.every(([, one]) => isPlain(one))) return undefined
      return new Map(entries.map(([name, one]) => [name, String(one)]))
    },
    show: (value) => [...value].map(([name, one]) => `${name}=${one}`).join(','),
  }
}

function showDuration(durationMs: number): string {
  const fits = Object.entries(unitsMs).findLast(([, ms]) => durationMs % ms === 0)
  return fits === undefined ? `${durationMs}ms` : `${durationMs / fits[1]}${fits[0]}`
}

function ofString<T>(value: unknown, fromText: (text: string) => T | undefined): T | undefined {
  return typeof value === 'string' ? fromText(value) : undefined
}
