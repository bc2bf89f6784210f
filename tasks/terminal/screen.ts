import { styleText as paint, type styleText } from 'node:util'

/** Where progress and errors are written: stderr, or something else in tests. */
export interface Screen {
  /** Whether lines can be redrawn in place. */
  readonly isLive: boolean
  readonly hasColour: boolean
  write(text: string): void
  size(): { readonly columns: number; readonly rows: number }
}

/** No colour and no redrawing unless the stream is a capable terminal; NO_COLOR: no-color.org. */
export function screenOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen {
  const isTerminal = stream.isTTY === true && env.TERM !== 'dumb'
  return {
    isLive: isTerminal && !isYes(env.CI),
    hasColour: isTerminal && !env.NO_COLOR,
    write: (text) => void stream.write(text),
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
  }
}

export function coloured(
  { hasColour }: Pick<Screen, 'hasColour'>,
  format: Parameters<typeof styleText>[0],
  text: string,
) {
  return hasColour ? paint(format, text, { validateStream: false }) : text
}

function isYes(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'false' && value !== '0'
}
