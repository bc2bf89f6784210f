import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { referencePage, renewed } from '../settings/reference.ts'
import type { TaskResult } from '../terminal/task.ts'

/** `npm run reference` regenerates the settings and flags in docs/reference.md from their table. */
export default async function reference(): Promise<TaskResult> {
  const file = join(import.meta.dirname, '../..', referencePage)
  const before = await readFile(file, 'utf8')
  const after = renewed(before)
  if (after !== before) await writeFile(file, after)
  const outcome = after === before ? 'unchanged' : 'renewed'
  return { line: `${referencePage} ${outcome}`, facts: { outcome, file } }
}
