import { isInstalled } from '../settings/own.ts'
import { mitogenPlace } from '../tools/mitogen.ts'
import type { VenvPlace } from '../tools/python-venv.ts'

/** A clone has Mitogen in its `.venv`; below node_modules nothing lasts, so the package has it in the home. */
export function ansiblePlace(homeFolder: string): VenvPlace {
  return mitogenPlace(isInstalled ? homeFolder : undefined)
}
