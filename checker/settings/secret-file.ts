import { readFileSync, statSync } from 'node:fs'

const longestBytes = 64 * 1024

/** The lines of a file of secrets, or why it is none; never with a secret in it. */
export type SecretFile =
  | { readonly lines: readonly SecretLine[]; readonly warning?: string | undefined }
  | { readonly problem: string }

interface SecretLine {
  readonly text: string
  /** `FILE:LINE` */
  readonly place: string
}

/** Reads the values that a file holds, one on each line; of several the empty lines and those that begin with # say nothing. */
export function readSecretFile(path: string, mayBeSeveral: boolean): SecretFile {
  const text = readText(path)
  if (typeof text !== 'string') return text
  const all = text
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ text: line, place: `${path}:${index + 1}` }))
  const lines = mayBeSeveral ? all.filter(({ text: line }) => !/^\s*(#|$)/.test(line)) : all
  if (lines.every(({ text: line }) => line === '')) return { problem: `${path} is empty` }
  if (lines.length > 1 && !mayBeSeveral) return { problem: `${path} has ${lines.length} lines, expected one` }
  return { lines, warning: openWarning(path) }
}

/** What is dangerous about a file that other users may read; that a group may is given on purpose. */
export function openWarning(path: string): string | undefined {
  const isOpen = ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o004) !== 0
  return isOpen ? `others may read ${path}: chmod 600 ${path}` : undefined
}

/** What a shell hands over, `@<(pass show check)`. */
export function isHandedOver(path: string): boolean {
  return /^\/(dev|proc\/[\w-]+)\/(fd\/|stdin$)/.test(path)
}

/** Nothing that could keep us waiting, or never ends. */
function readText(path: string): string | { readonly problem: string } {
  try {
    const found = statSync(path)
    if (!found.isFile() && !(found.isFIFO() && isHandedOver(path))) {
      return { problem: `${path} is not a regular file` }
    }
    if (found.size > longestBytes) return { problem: `${path} is longer than ${longestBytes / 1024} KiB` }
    return readFileSync(path, 'utf8')
  } catch (error) {
    return { problem: `cannot read ${path}: ${error instanceof Error ? error.message : error}` }
  }
}
