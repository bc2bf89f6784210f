import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A Python that copies a finished environment instead of creating one, since installing pip takes seconds.
 * The copy works like any environment, except for its scripts.
 */
export function copyingPython(folder: string, environment: string): string {
  const path = join(folder, 'copying-python')
  writeFileSync(path, `#!/bin/sh\n[ "$2" = venv ] && exec cp -a '${environment}/.' "$4"\n`, { mode: 0o755 })
  return path
}
