import { ConfigurationError, type Token, tokensOf } from './tokens.ts'

/** A top-level directive, with its block if it has one. */
export interface Directive {
  readonly name: string
  readonly args: readonly string[]
  readonly line: number
  /** With the comments above it and the rest of its last line. */
  readonly text: string
}

/** Throws a `ConfigurationError` for unclosed blocks and directives, and for a "}" too many. */
export function directivesOf(text: string): Directive[] {
  const found: Directive[] = []
  const blocks: Token[] = []
  let words: Token[] = []
  let head: Token[] = []
  let start = 0
  for (const token of tokensOf(text)) {
    if (token.kind === 'word') {
      words.push(token)
      continue
    }
    assertFits(token, words)
    if (blocks.length === 0) head = words
    words = []
    if (token.kind === '{') blocks.push(token)
    else if (token.kind === '}' && blocks.pop() === undefined) {
      throw new ConfigurationError(token.line, '"}" closes a block that was not opened')
    }
    if (blocks.length > 0) continue
    const end = endOfLine(text, token.end)
    found.push(directive(head, text.slice(start, end)))
    start = end
  }
  const [open] = words
  if (open !== undefined) throw notEnded(open)
  const block = blocks.at(-1)
  if (block !== undefined) throw new ConfigurationError(block.line, 'a block that is not closed')
  return found
}

function directive([name, ...args]: readonly Token[], text: string): Directive {
  return { name: name?.text ?? '', args: args.map((word) => word.text), line: name?.line ?? 1, text }
}

function assertFits(token: Token, [first]: readonly Token[]): void {
  if (token.kind === '}' && first !== undefined) throw notEnded(first)
  if (token.kind === '}' || first !== undefined) return
  throw new ConfigurationError(token.line, `"${token.kind}" without a directive before it`)
}

function notEnded({ line, text }: Token): ConfigurationError {
  return new ConfigurationError(line, `"${text}" is not ended by ";"`)
}

/** Skips a comment after a directive, if nothing else follows on the line. */
function endOfLine(text: string, at: number): number {
  const rest = /[ \t\r]*(?:#[^\n]*)?(?:\n|$)/y
  rest.lastIndex = at
  return at + (rest.exec(text)?.[0].length ?? 0)
}
