import type { Progress } from '../lib/progress.ts'
import { isInstalled } from '../settings/own.ts'
import { mitogenEnvironment, mitogenPlace } from '../tools/mitogen.ts'

/** How Ansible is to work. A clone has Mitogen in its `.venv`; below node_modules nothing lasts, so the package has it in the home. */
export function ansibleEnvironment(
  homeFolder: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  return mitogenEnvironment(progress, signal, mitogenPlace(isInstalled ? homeFolder : undefined))
}
