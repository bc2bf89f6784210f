import { existsSync, readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { writeDurably } from '../../../checker/atomic-file.ts'
import { OperatorError } from '../../lib/errors.ts'

/** Writes JSON atomically, whatever crashes when. Keeps the previous text as FILE.previous. */
export async function writeStateFile(file: string, value: unknown): Promise<void> {
  const text = `${JSON.stringify(value, null, 2)}\n`
  const previous = `${file}.previous`
  // A damaged file must not replace a sound FILE.previous.
  if (parsed(file) !== undefined) await copyFile(file, previous)
  else if (parsed(previous) === undefined) await writeDurably(previous, text)
  await writeDurably(file, text)
}

/** `damaged`: read from FILE.previous. */
export interface ReadState<T> {
  readonly value: T
  readonly damaged: boolean
}

/**
 * Reads a state file; undefined when there is none. Falls back to FILE.previous when it is damaged (a faulty disk, an
 * edit by hand); throws an OperatorError that names the file when that is unreadable too.
 */
export function readStateFile<T>(file: string): ReadState<T> | undefined {
  if (!existsSync(file)) return undefined
  const value = parsed<T>(file)
  if (value !== undefined) return { value, damaged: false }
  const previous = parsed<T>(`${file}.previous`)
  if (previous !== undefined) return { value: previous, damaged: true }
  throw new OperatorError('failed', `the state file ${file} is damaged, and so is its backup`, {
    hint: 'repair it by hand, or remove its folder',
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
