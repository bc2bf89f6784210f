import { parseDurationMs } from '../duration.ts'

/** The headings under which help lists the options. */
export const optionGroups = {
  ask: 'What is asked, and how',
  judge: 'What is right',
  show: 'Where the result goes',
  alarm: 'Alarms',
  history: 'History',
  install: 'Checking again and again',
} as const

/** One option: how it is said, and what help and messages tell of it. */
export interface Option<T> {
  /** The name of its flag, without dashes. */
  readonly flag: string
  /** What its value is called in help; a switch has none. */
  readonly value?: string
  readonly help: string
  /** What would be right, after "expected". */
  readonly expected: string
  /** Undefined when the text is no such value. Of a repeatable option each line of the text is one value. */
  readonly parse: (text: string) => T | undefined
  /** What is wrong with one value that was read, also from a file, without its secret; undefined when nothing is. */
  readonly judge?: (text: string) => string | undefined
  /** As it would be typed. */
  readonly default?: string
  readonly group: keyof typeof optionGroups
  /** What the flag means when it is given without a value. */
  readonly bare?: string
  readonly repeatable?: true
  readonly isFile?: true
  /** May hold a secret: never shown, messages print `[secret]`; may be `@FILE`, which holds it, one on each line. */
  readonly isSecret?: true
  /** Says something about this one run, so that it cannot be left on in a file or the environment. */
  readonly isOfOneRun?: true
  /** The unit of a bare number in a configuration file. */
  readonly unit?: 'ms'
  /** All that it can be. */
  readonly words?: readonly string[]
}

/** What is told of an option of one kind. */
export type Wording = Pick<Option<unknown>, 'flag' | 'help' | 'group'>

/** Any text but white space, without that at its ends. */
export function nonEmpty(text: string): string | undefined {
  return text.trim() === '' ? undefined : text.trim()
}

/** Any text, as it is. */
export function anyText(text: string): string | undefined {
  return text === '' ? undefined : text
}

/** Text of one shape. */
function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? text : undefined)
}

/** The source of a regular expression. */
export function regularExpression(text: string): string | undefined {
  try {
    return text !== '' && new RegExp(text) ? text : undefined
  } catch {
    return undefined
  }
}

/** A list, from a text with a line for each; the empty ones between them say nothing. */
export function eachLine(parse: (text: string) => string | undefined): (text: string) => readonly string[] | undefined {
  return (text) => {
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
    const values = (lines.length === 0 ? [text] : lines).map(parse)
    return values.every((value) => value !== undefined) ? values : undefined
  }
}

/** The port at the end of an address. */
export function portOf(text: string): number {
  return Number(text.slice(text.lastIndexOf(':') + 1))
}

/** A switch, off unless said otherwise. */
export function toggle(wording: Wording): Option<boolean> {
  return {
    ...wording,
    expected: 'true or false',
    parse: (text) => (/^(true|1)$/.test(text) ? true : /^(false|0)$/.test(text) ? false : undefined),
  }
}

/** The path of a file. */
export function file(wording: Wording): Option<string> {
  return { ...wording, value: 'FILE', expected: 'a file', parse: nonEmpty, isFile: true }
}

/** A path of a service. */
export function path(wording: Wording, usual: string): Option<string> {
  return {
    ...wording,
    value: 'PATH',
    expected: 'a path that begins with /',
    parse: matching(/^\/[!-~]*$/),
    default: usual,
  }
}

/** A whole number between two bounds, both included. */
export function count(wording: Wording, lowest: number, highest: number, usual: string): Option<number> {
  const fits = (value: number) => value >= lowest && value <= highest
  return {
    ...wording,
    value: 'NUMBER',
    expected: `a whole number from ${lowest} to ${highest}`,
    parse: (text) => (/^\d{1,6}$/.test(text) && fits(Number(text)) ? Number(text) : undefined),
    default: usual,
  }
}

/** A number of days that a certificate must have left. */
export function days(flag: string, help: string, usual: string): Option<number> {
  return {
    ...count({ flag, help, group: 'judge' }, 0, 36_500, usual),
    value: 'DAYS',
    expected: 'a whole number of days',
  }
}

/** A duration with its unit, between two bounds, both included. */
export function duration(
  wording: Wording,
  usual?: string,
  lowestMs = 0,
  highestMs = Number.MAX_SAFE_INTEGER,
): Option<number> {
  const fits = (value: number | undefined) => value !== undefined && value >= lowestMs && value <= highestMs
  return {
    ...wording,
    value: 'DURATION',
    expected: 'a duration with its unit, such as 500ms or 1s',
    parse: (text) => (fits(parseDurationMs(text)) ? parseDurationMs(text) : undefined),
    unit: 'ms',
    ...(usual === undefined ? {} : { default: usual }),
  }
}

/** One of a few words. */
export function words<const Word extends string>(
  wording: Wording,
  all: readonly Word[],
  usual?: NoInfer<Word>,
): Option<Word> {
  return {
    ...wording,
    value: all.length > 2 ? 'FORMAT' : all.join('|'),
    expected: all.join(', ').replace(/, (\w+)$/, ' or $1'),
    parse: (text) => all.find((word) => word === text),
    words: all,
    ...(usual === undefined ? {} : { default: usual }),
  }
}
