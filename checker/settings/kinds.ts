import { resolve } from 'node:path'
import { durationText, parseDurationMs } from '../duration.ts'
import { nearest } from './nearest.ts'

/** Where a text came from. */
export interface Place {
  /** Relative paths are resolved against it. */
  readonly folder: string
  /** Reports a risk that is not an error. */
  warn(line: string): void
}

/** A problem that "expected this, got that" does not fully describe. */
export class Wrong {
  /** Replace "expected this, got that" after the setting's name. */
  readonly lines: readonly string[]
  /** Appended to it: the limit that was exceeded. */
  readonly why: string | undefined
  /** The most likely intended value. */
  readonly meant: string | undefined

  constructor({ lines = [], why, meant }: { lines?: readonly string[]; why?: string; meant?: string | undefined }) {
    this.lines = lines
    this.why = why
    this.meant = meant
  }
}

/** Problems, each to follow the setting's name. */
export function wrong(...lines: readonly string[]): Wrong {
  return new Wrong({ lines })
}

/** The final value, or a problem; undefined when "expected ..., got ..." says it all. */
export type Parsed<T> = T | Wrong | undefined

export function isWrong(parsed: unknown): parsed is Wrong | undefined {
  return parsed === undefined || parsed instanceof Wrong
}

export interface Kind<T> {
  /** Follows "expected" in messages. */
  readonly expected: string
  /** The value's name in help; a switch has none. */
  readonly placeholder: string | undefined
  /** Parses text from a flag or the environment; may read files, never throws. */
  parse(text: string, place: Place): Parsed<T> | Promise<Parsed<T>>
  /** A value from a configuration file as text; undefined when it has the wrong type. */
  typed(value: unknown): string | undefined
  /** For kinds whose configuration values have no text form. */
  fromConfig?(value: unknown): Parsed<T>
  show(value: T): string
  /** Makes the text valid from any other folder. */
  readonly whole?: ((text: string, folder: string) => string) | undefined
  /** The flag's value when none is given. */
  readonly bare?: string
  /** The flag may be repeated; the text then has one line per value. */
  readonly isRepeatable?: true
  /** For shell completion. */
  readonly completes?: 'files' | 'folders' | readonly string[]
  /** Parsing reads files, so it is done only for verbs that need the setting. */
  readonly opensFiles?: true
}

export function kind<T>(
  expected: string,
  placeholder: string | undefined,
  parse: Kind<T>['parse'],
  more: Partial<Kind<T>> = {},
): Kind<T> {
  return { expected, placeholder, parse, typed: typedText, show: String, ...more }
}

export function text(expected: string, pattern: RegExp, placeholder: string): Kind<string> {
  return kind(expected, placeholder, (said) => (pattern.test(said) ? said : undefined))
}

/** An absolute path. */
export function path(placeholder: 'FILE' | 'FOLDER'): Kind<string> {
  const whole = (said: string, folder: string) => resolve(folder, said.trim())
  return kind('a path', placeholder, (said, { folder }) => (said.trim() === '' ? undefined : whole(said, folder)), {
    whole,
    completes: placeholder === 'FILE' ? 'files' : 'folders',
  })
}

/** A switch on the command line. */
export const yesOrNo: Kind<boolean> = kind(
  'true or false',
  undefined,
  (said) => (/^(true|1)$/.test(said) ? true : /^(false|0)$/.test(said) ? false : undefined),
  { typed: (value) => (typeof value === 'boolean' ? String(value) : undefined) },
)

export function oneOf<const Word extends string>(words: readonly Word[], placeholder = words.join('|')): Kind<Word> {
  const parse = (said: string) => words.find((word) => word === said) ?? new Wrong({ meant: nearest(said, words) })
  return kind<Word>(words.join(', ').replace(/, ([^,]+)$/, ' or $1'), placeholder, parse, { completes: words })
}

/** A whole number in a closed interval. */
export function wholeNumber(lowest: number, highest: number, placeholder = 'NUMBER'): Kind<number> {
  const fits = (said: string) => /^\d{1,10}$/.test(said) && Number(said) >= lowest && Number(said) <= highest
  return kind(
    `a whole number from ${lowest} to ${highest}`,
    placeholder,
    (said) => (fits(said) ? Number(said) : undefined),
    { typed: (value) => (typeof value === 'number' ? String(value) : typedText(value)) },
  )
}

const dayMs = 86_400_000

/**
 * A duration. Text needs a unit (`500ms`, `10m`); a plain number in a configuration file has the unit that ends the setting's
 * name.
 */
export function duration(unit: 'ms' | 's', lowestMs = 1, highestMs = 30 * dayMs): Kind<number> {
  const unitMs = unit === 's' ? 1000 : 1
  const parse = (said: string) => {
    const ms = parseDurationMs(said)
    if (ms === undefined) return undefined
    if (ms > highestMs) return new Wrong({ why: `a duration is at most ${durationText(highestMs)}` })
    if (ms < lowestMs) return lowestMs > 1 ? new Wrong({ why: `it is at least ${durationText(lowestMs)}` }) : undefined
    return ms / unitMs
  }
  return kind<number>('a duration with its unit, like 500ms, 30s, 10m or 1h', 'DURATION', parse, {
    typed: (value) => (typeof value === 'number' ? `${value}${unit}` : typedText(value)),
    show: (value) => durationText(value * unitMs),
  })
}

/** Comma-separated values, or a list in a configuration file. */
export function list<T>(
  expected: string,
  one: Pick<Kind<T>, 'parse' | 'typed' | 'show'>,
  placeholder: string,
): Kind<readonly T[]> {
  return kind<readonly T[]>(
    expected,
    placeholder,
    async (said, place) => {
      const parsed: unknown[] = await Promise.all(said.split(',').map((word) => one.parse(word.trim(), place)))
      const wrong = parsed.filter(isWrong)
      return wrong.length === 0 ? (parsed as T[]) : wrong.find((value) => value !== undefined)
    },
    { typed: joined(one.typed, ','), show: (values) => values.map(one.show).join(',') },
  )
}

/** One value per line, or a list in a configuration file; the flag may be repeated. */
export function repeated<T>(one: Kind<T>): Kind<readonly T[]> {
  const parse: Kind<readonly T[]>['parse'] = async (said, place) =>
    allOf(await Promise.all(linesOf(said).map(async (line) => (await one.parse(line, place)) as Parsed<T>)))
  return kind<readonly T[]>(one.expected, one.placeholder, parse, {
    isRepeatable: true,
    typed: joined(one.typed, '\n'),
    show: (values) => values.map(one.show).join('\n'),
  })
}

/** All values, or all problems. */
export function allOf<T>(parsed: readonly unknown[]): Parsed<readonly T[]> {
  const wrong = parsed.filter((value) => value instanceof Wrong)
  if (wrong.length > 0) return new Wrong({ lines: wrong.flatMap(({ lines }) => lines) })
  return parsed.includes(undefined) ? undefined : (parsed as readonly T[])
}

/** The lines of a text, without empty ones. */
export function linesOf(said: string): string[] {
  const lines = said.split(/\r?\n/).filter((line) => line.trim() !== '')
  return lines.length === 0 ? [said] : lines
}

/** Values by name: `Name=value,Other=value` as text, an object in a configuration file. */
export function pairs(placeholder: string, isName = (name: string) => name !== ''): Kind<ReadonlyMap<string, string>> {
  const named = (entries: readonly (readonly [string, string])[]) =>
    entries.every(([name, value]) => isName(name) && !value.includes('\0')) ? new Map(entries) : undefined
  return kind<ReadonlyMap<string, string>>(
    'Name=value, separated by commas',
    placeholder,
    (said) => {
      const entries = said.split(/,(?=[^,=]+=)/).map((entry) => /^\s*([^=\s]+)=(.*)$/s.exec(entry))
      return named(entries.map((entry) => [entry?.[1] ?? '', entry?.[2] ?? '']))
    },
    {
      fromConfig(value) {
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
        const isPlain = (one: unknown) => ['string', 'number', 'boolean'].includes(typeof one)
        const entries = Object.entries(value)
        return entries.every(([, one]) => isPlain(one))
          ? named(entries.map(([name, one]) => [name, String(one)]))
          : undefined
      },
      show: (value) => [...value].map(([name, one]) => `${name}=${one}`).join(','),
    },
  )
}

function typedText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function joined(typed: Kind<unknown>['typed'], separator: string): Kind<unknown>['typed'] {
  return (value) => {
    if (!Array.isArray(value)) return typed(value)
    const texts = value.map(typed)
    return texts.includes(undefined) ? undefined : texts.join(separator)
  }
}
