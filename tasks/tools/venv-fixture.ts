import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A Python that lays a copy of a finished environment where it should make one: pip takes seconds to be installed anew.
 * Works like any environment, except for its scripts.
 */
export function copyingPython(folder: string, environment: string): string {
  const path = join(folder, 'copying-python')
  writeFileSync(path, `#!/bin/sh\n[ "$2" = venv ] && exec cp -a '${environment}/.' "$4"\n`, { mode: 0o755 })
  return path
}
