import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Test } from 'tap'

/** Puts shell scripts first on PATH, by program name, until the test ends; returns their folder. */
export function onPath(t: Test, programs: Readonly<Record<string, string>>): string {
  const folder = t.testdir()
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  const { PATH } = process.env
  process.env['PATH'] = `${folder}${delimiter}${PATH}`
  t.teardown(() => {
    process.env['PATH'] = PATH
  })
  return folder
}
