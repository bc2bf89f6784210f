import { resolve } from 'node:path'
import { durationText, parseDurationMs } from '../duration.ts'
import { nearest } from './nearest.ts'

/** Where a text was said. */
export interface Place {
  /** Relative paths start here. */
  readonly folder: string
  /** Tells what is dangerous, and no reason not to go on. */
  warn(line: string): void
}

/** What is wrong with a text, where "expected this, got that" does not say it all. */
export class Wrong {
  /** Each stands behind the setting's name in the place of "expected this, got that". */
  readonly lines: readonly string[]
  /** Added to it: the limit that was passed. */
  readonly why: string | undefined
  /** What was most likely meant. */
  readonly meant: string | undefined

  constructor({ lines = [], why, meant }: { lines?: readonly string[]; why?: string; meant?: string | undefined }) {
    this.lines = lines
    this.why = why
    this.meant = meant
  }
}

/** What is wrong, in words that stand behind the setting's name. */
export function wrong(...lines: readonly string[]): Wrong {
  return new Wrong({ lines })
}

/** A value of the final type, or what is wrong; undefined where that is plain from what was expected. */
export type Parsed<T> = T | Wrong | undefined

export function isWrong(parsed: unknown): parsed is Wrong | undefined {
  return parsed === undefined || parsed instanceof Wrong
}

/** How values of one kind are read and shown. */
export interface Kind<T> {
  /** What would be right, after "expected". */
  readonly expected: string
  /** What the value is called in help; a switch has none. */
  readonly placeholder: string | undefined
  /** A text of a flag or the environment; may load or read what it needs, and never throws. */
  parse(text: string, place: Place): Parsed<T> | Promise<Parsed<T>>
  /** A value of a configuration file as it would be typed; undefined when it is no such value. */
  typed(value: unknown): string | undefined
  /** For the few whose values in a configuration file cannot be typed. */
  fromConfig?(value: unknown): Parsed<T>
  show(value: T): string
  /** A text as it can be said again in another folder. */
  readonly whole?: ((text: string, folder: string) => string) | undefined
  /** What the flag means without a value. */
  readonly bare?: string
  /** Its flag may be given several times; the text then has a line for each. */
  readonly isRepeatable?: true
  /** What a shell may complete. */
  readonly completes?: 'files' | 'folders' | readonly string[]
  /** Reads files that the text names, so that it waits for a verb that needs it. */
  readonly opensFiles?: true
}

/** A kind from how it reads a text. */
export function kind<T>(
  expected: string,
  placeholder: string | undefined,
  parse: Kind<T>['parse'],
  more: Partial<Kind<T>> = {},
): Kind<T> {
  return { expected, placeholder, parse, typed: typedText, show: String, ...more }
}

/** Text that matches a pattern. */
export function text(expected: string, pattern: RegExp, placeholder: string): Kind<string> {
  return kind(expected, placeholder, (said) => (pattern.test(said) ? said : undefined))
}

/** The path of a file or folder, absolute. */
export function path(placeholder: 'FILE' | 'FOLDER'): Kind<string> {
  const whole = (said: string, folder: string) => resolve(folder, said.trim())
  return kind('a path', placeholder, (said, { folder }) => (said.trim() === '' ? undefined : whole(said, folder)), {
    whole,
    completes: placeholder === 'FILE' ? 'files' : 'folders',
  })
}

/** Yes or no; a switch on the command line. */
export const yesOrNo: Kind<boolean> = kind(
  'true or false',
  undefined,
  (said) => (/^(true|1)$/.test(said) ? true : /^(false|0)$/.test(said) ? false : undefined),
  { typed: (value) => (typeof value === 'boolean' ? String(value) : undefined) },
)

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly Word[], placeholder = words.join('|')): Kind<Word> {
  const parse = (said: string) => words.find((word) => word === said) ?? new Wrong({ meant: nearest(said, words) })
  return kind<Word>(words.join(', ').replace(/, ([^,]+)$/, ' or $1'), placeholder, parse, { completes: words })
}

/** A whole number between two bounds, both included. */
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
 * A duration, as text always with its unit (`500ms`, `10m`); a bare number in a configuration file counts in the unit that the
 * setting's name ends with.
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

/** Several of one kind with commas between them, in a configuration file a list. */
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

/** Several of one kind, a line for each, in a configuration file a list; the flag may be given several times. */
export function repeated<T>(one: Kind<T>): Kind<readonly T[]> {
  const parse: Kind<readonly T[]>['parse'] = async (said, place) =>
    allOf(await Promise.all(linesOf(said).map(async (line) => (await one.parse(line, place)) as Parsed<T>)))
  return kind<readonly T[]>(one.expected, one.placeholder, parse, {
    isRepeatable: true,
    typed: joined(one.typed, '\n'),
    show: (values) => values.map(one.show).join('\n'),
  })
}

/** All values, or everything that is wrong with some of them. */
export function allOf<T>(parsed: readonly unknown[]): Parsed<readonly T[]> {
  const wrong = parsed.filter((value) => value instanceof Wrong)
  if (wrong.length > 0) return new Wrong({ lines: wrong.flatMap(({ lines }) => lines) })
  return parsed.includes(undefined) ? undefined : (parsed as readonly T[])
}

/** The lines of a text; the empty ones between others say nothing. */
export function linesOf(said: string): string[] {
  const lines = said.split(/\r?\n/).filter((line) => line.trim() !== '')
  return lines.length === 0 ? [said] : lines
}

/** Values by name: as text `Name=value,Other=value`, in a configuration file an object. */
export function pairs(placeholder: string): Kind<ReadonlyMap<string, string>> {
  return kind<ReadonlyMap<string, string>>(
    'Name=value, with commas between several',
    placeholder,
    (said) => {
      const entries = said.split(/,(?=[^,=]+=)/).map((entry) => /^\s*([^=\s]+)=(.*)$/s.exec(entry))
      const named = entries.map((entry): [string, string] => [entry?.[1] ?? '', entry?.[2] ?? ''])
      return entries.every((entry) => entry !== null) ? new Map(named) : undefined
    },
    {
      fromConfig(value) {
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
        const isPlain = (one: unknown) => ['string', 'number', 'boolean'].includes(typeof one)
        const entries = Object.entries(value)
        return entries.every(([, one]) => isPlain(one))
          ? new Map(entries.map(([name, one]) => [name, String(one)]))
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
