/** A text that nginx would not read to its end, or that would close the surrounding block. */
export class ConfigurationError extends Error {
  /** Counted from 1. */
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

export interface Token {
  readonly kind: 'word' | ';' | '{' | '}'
  /** A word without its quotes. */
  readonly text: string
  readonly line: number
  /** Offset of what follows. */
  readonly end: number
}

const shapes = {
  // "}" and "#" count only where a word could begin; "${" is a variable, a quote needs a separator behind it.
  blank: /[ \t\r\n]+|#[^\n]*/y,
  sign: /[;{}]/y,
  quoted: /(["'])((?:(?!\1)[^\\]|\\[\s\S])*)\1(?=[ \t\r\n;{)]|$)/y,
  plain: /(?!["'])(?:\\[\s\S]|\$\{|[^ \t\r\n;{\\])+/y,
}

/** Splits a text as nginx does; throws a `ConfigurationError` where it cannot. */
export function* tokensOf(text: string): Generator<Token> {
  let line = 1
  let at = 0
  const next = (shape: RegExp) => {
    shape.lastIndex = at
    return shape.exec(text)
  }
  while (at < text.length) {
    const found = next(shapes.blank) ?? next(shapes.sign) ?? next(shapes.quoted) ?? next(shapes.plain)
    const [whole = ''] = found ?? []
    if (text[at] === '\0' || whole.includes('\0')) throw new ConfigurationError(line, 'a NUL byte')
    if (found === null) throw new ConfigurationError(line, unreadable(text.slice(at)))
    at += whole.length
    if (/[;{}]/.test(whole) && whole.length === 1) yield { kind: whole as ';', text: whole, line, end: at }
    else if (!/^[ \t\r\n#]/.test(whole)) yield { kind: 'word', text: found[2] ?? whole, line, end: at }
    line += whole.split('\n').length - 1
  }
}

function unreadable(rest: string): string {
  const [start = ''] = rest.split('\n')
  if (rest === '\\') return '"\\" at the end'
  return `a quote that is not ended, or not followed by a blank: ${start.slice(0, 40)}`
}
