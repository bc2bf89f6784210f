import { existsSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { ensureVenv, type VenvPlace, venvPlace } from './python-venv.ts'
import { answerOf } from './run-to-end.ts'

const requirements = join(import.meta.dirname, '../../ansible/requirements.txt')

/** The releases of ansible-core, 2.x, that the pinned Mitogen has code for. */
const supported = { oldest: 10, newest: 21 }

/**
 * The environment in which Ansible runs a playbook by Mitogen (https://mitogen.networkgenomics.com/ansible_detailed.html):
 * one Python on the machine for all tasks in the place of one for each. It is installed from PyPI when it is absent. Empty,
 * so that Ansible works by itself, where ANSIBLE_STRATEGY is set, where Mitogen does not know this Ansible, and, with a
 * warning, where it cannot be installed. Throws nothing but an interruption.
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

/** The place of its environment: `.venv` in a folder, by itself in bakeroll's own. */
export function mitogenPlace(folder?: string): VenvPlace {
  return { ...venvPlace('mitogen', folder), requirements }
}

/** Whether Mitogen works with the Ansible whose `--version` this is: `ansible-playbook [core 2.14.18]`. */
export function knowsAnsible(version: string): boolean {
  const minor = /^ansible-playbook \[core 2\.(\d+)\./.exec(version)?.[1]
  return minor !== undefined && Number(minor) >= supported.oldest && Number(minor) <= supported.newest
}

async function strategyPlugins(bin: string): Promise<string> {
  const packages = join(bin, '../lib/python*/site-packages/ansible_mitogen/plugins/strategy')
  for await (const folder of glob(packages)) if (existsSync(join(folder, 'mitogen_linear.py'))) return folder
  throw new OperatorError('failed', `${packages} does not exist`)
}
