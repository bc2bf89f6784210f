import { existsSync, readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { writeDurably } from '../../../checker/atomic-file.ts'
import { OperatorError } from '../../lib/errors.ts'

/**
 * Writes JSON so that a reader finds the old or the new text, never half of one, whatever dies when; the text before
 * stays beside it as FILE.previous.
 */
export async function writeStateFile(file: string, value: unknown): Promise<void> {
  const text = `${JSON.stringify(value, null, 2)}\n`
  const previous = `${file}.previous`
  // A damaged text must not take the place of its sound predecessor.
  if (parsed(file) !== undefined) await copyFile(file, previous)
  else if (parsed(previous) === undefined) await writeDurably(previous, text)
  await writeDurably(file, text)
}

/** What a state file says, and whether it had to be read from its predecessor because it was damaged. */
export interface ReadState<T> {
  readonly value: T
  readonly damaged: boolean
}

/**
 * Reads a state file; `undefined` when there is none. A damaged one (a disk that lied, an edit by hand) is answered
 * from FILE.previous; throws an OperatorError that names the file when that is unreadable too.
 */
export function readStateFile<T>(file: string): ReadState<T> | undefined {
  if (!existsSync(file)) return undefined
  const value = parsed<T>(file)
  if (value !== undefined) return { value, damaged: false }
  const previous = parsed<T>(`${file}.previous`)
  if (previous !== undefined) return { value: previous, damaged: true }
  throw new OperatorError('failed', `the state file ${file} is damaged and has no readable predecessor`, {
    hint: 'mend it by hand, or remove the folder it stands in',
  })
}

function parsed<T>(file: string): T | undefined {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8'))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
