import { existsSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { ensureVenv, type VenvPlace, venvPlace } from './python-venv.ts'
import { answerOf } from './run-to-end.ts'

const requirements = join(import.meta.dirname, '../../ansible/requirements.txt')

/** Releases of ansible-core, 2.x, that the pinned Mitogen supports. */
const supported = { oldest: 10, newest: 21 }

/**
 * Environment variables that make Ansible use Mitogen (https://mitogen.networkgenomics.com/ansible_detailed.html): one
 * Python process on the machine for all tasks instead of one per task. Installs it from PyPI if needed. Empty, so that
 * Ansible works without it, when ANSIBLE_STRATEGY is set, when Mitogen does not support this Ansible and, with a
 * warning, when it cannot be installed. Throws only `interrupted`.
 */
export async function mitogenEnvironment(
  progress: Progress,
  signal?: AbortSignal,
  place: VenvPlace = mitogenPlace(),
): Promise<Record<string, string>> {
  if (process.env['ANSIBLE_STRATEGY'] !== undefined) return {}
  if (!knowsAnsible(await answerOf(['ansible-playbook', '--version']))) return {}
  try {
    const plugins = await strategyPlugins(await ensureVenv('mitogen', progress, signal, place))
    return { ANSIBLE_STRATEGY: 'mitogen_linear', ANSIBLE_STRATEGY_PLUGINS: plugins }
  } catch (error) {
    if (!(error instanceof OperatorError) || error.kind === 'interrupted') throw error
    progress.warn(`without Mitogen Ansible takes longer: ${error.message.split('\n').at(-1)}`)
    return {}
  }
}

/** `.venv/mitogen` in a folder; without one, in bakeroll's own. */
export function mitogenPlace(folder?: string): VenvPlace {
  return { ...venvPlace('mitogen', folder), requirements }
}

/** Takes the output of `ansible-playbook --version`: `ansible-playbook [core 2.14.18]`. */
export function knowsAnsible(version: string): boolean {
  const minor = /^ansible-playbook \[core 2\.(\d+)\./.exec(version)?.[1]
  return minor !== undefined && Number(minor) >= supported.oldest && Number(minor) <= supported.newest
}

async function strategyPlugins(bin: string): Promise<string> {
  const packages = join(bin, '../lib/python*/site-packages/ansible_mitogen/plugins/strategy')
  for await (const folder of glob(packages)) if (existsSync(join(folder, 'mitogen_linear.py'))) return folder
  throw new OperatorError('failed', `${packages} does not exist`)
}
