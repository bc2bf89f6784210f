import { readFileSync, statSync } from 'node:fs'

const longestBytes = 64 * 1024

/** The lines of a file of secrets, or a problem without any secret in it. */
export type SecretFile =
  | { readonly lines: readonly SecretLine[]; readonly warning?: string | undefined }
  | { readonly problem: string }

interface SecretLine {
  readonly text: string
  /** `FILE:LINE` */
  readonly place: string
}

/** Reads one value per line; when several are allowed, skips empty lines and comments (#). */
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

/** Warns when other users can read a file; group access is taken as intended. */
export function openWarning(path: string): string | undefined {
  const isOpen = ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o004) !== 0
  return isOpen ? `others may read ${path}: chmod 600 ${path}` : undefined
}

/** A process substitution of a shell, `@<(pass show check)`. */
export function isHandedOver(path: string): boolean {
  return /^\/(dev|proc\/[\w-]+)\/(fd\/|stdin$)/.test(path)
}

/** Rejects files that could block or never end. */
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
