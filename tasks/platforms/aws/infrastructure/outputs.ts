import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeAtomically } from '../../../../checker/atomic-file.ts'

export function outputsFile(home: string, group: string): string {
  return join(home, 'aws', group, 'outputs.json')
}

/** Writes outputs as JSON, atomically; returns the file. */
export async function saveOutputs(
  home: string,
  group: string,
  outputs: Readonly<Record<string, string>>,
): Promise<string> {
  const file = outputsFile(home, group)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  writeAtomically(file, `${JSON.stringify(outputs, null, 2)}\n`)
  return file
}
