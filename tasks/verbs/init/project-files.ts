import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A file that `init` writes, with all of its text. */
export interface ProjectFile {
  readonly name: string
  readonly text: string
  /** Whether it is there already. */
  readonly isThere: boolean
}

/** An ignore file (gitignore(5)) with these lines added; undefined when it has them all. */
export function ignoring(folder: string, name: string, lines: readonly string[]): ProjectFile | undefined {
  const before = textOf(join(folder, name))
  const present = new Set((before ?? '').split(/\r?\n/).map(bare))
  const missing = lines.filter((line) => !present.has(bare(line)))
  if (missing.length === 0) return undefined
  const text = before === undefined || before === '' || before.endsWith('\n') ? (before ?? '') : `${before}\n`
  return { name, text: `${text}${missing.join('\n')}\n`, isThere: before !== undefined }
}

/** `.bakeroll`, `/.bakeroll/` and others are one. */
function bare(line: string): string {
  return line
    .trim()
    .replace(/^(\*\*\/|\/)/, '')
    .replace(/\/$/, '')
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
