import { basename, join, relative } from 'node:path'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { answerOf, runToEnd } from './run-to-end.ts'

const pluginsFolder = join(import.meta.dirname, '../../packer/plugins')

/** Plugins of the template, in exactly the versions of packer/plugins/plugins.pkr.hcl. */
export const neededPlugins = [
  { source: 'github.com/hashicorp/amazon', version: '1.8.0' },
  { source: 'github.com/hashicorp/ansible', version: '1.1.4' },
  { source: 'github.com/hashicorp/qemu', version: '1.1.6' },
] as const

/** Disables the check for a newer Packer. */
const quiet = { CHECKPOINT_DISABLE: '1' }

export const pluginsHint = `packer init ${relative(process.cwd(), pluginsFolder)}`

/** The version of Packer on PATH, `1.6.6`; undefined when there is none. */
export async function packerVersion(): Promise<string | undefined> {
  const answer = await answerOf(['packer', 'version'], quiet)
  return answer.match(/v(\d+\.\d+\.\d+)/)?.[1]
}

/** Up to 1.9 Packer includes all plugins that we need. */
export function hasOwnPlugins(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 1 || minor >= 10
}

/** Missing plugins, as `SOURCE VERSION`. */
export async function missingPlugins(version: string): Promise<string[]> {
  if (!hasOwnPlugins(version)) return []
  const installed = await answerOf(['packer', 'plugins', 'installed'], quiet)
  return neededPlugins
    .filter(({ source, version }) => !installed.includes(`/${source}/packer-plugin-${basename(source)}_v${version}_`))
    .map(({ source, version }) => `${source} ${version}`)
}

/** Downloads missing plugins; does nothing for a Packer that includes them. */
export async function preparePlugins(progress: Progress, signal?: AbortSignal): Promise<void> {
  const version = await packerVersion()
  const missing = version === undefined ? [] : await missingPlugins(version)
  if (missing.length === 0) return
  await progress.step(`install ${missing.length} plugins of Packer ${version}`, async () => {
    const stopped = 'interrupted while installing plugins of Packer'
    const { failed, said, cause } = await runToEnd(['packer', 'init', pluginsFolder], { signal, stopped, env: quiet })
    if (!failed) return
    const last = said.trim().split('\n').slice(-5).join('\n')
    throw new OperatorError('failed', `packer init: ${last || 'no reason given'}`, {
      hint: `check the network, then: ${pluginsHint}`,
      cause,
    })
  })
}

/** Throws `refused` when Packer or a plugin is missing. */
export async function checkPacker(): Promise<void> {
  const version = await packerVersion()
  if (version === undefined) {
    throw new OperatorError('refused', 'packer is not installed', { hint: 'npm run doctor' })
  }
  const missing = await missingPlugins(version)
  if (missing.length > 0) {
    throw new OperatorError('refused', `Packer ${version} misses ${missing.join(', ')}`, { hint: pluginsHint })
  }
}
