import { execa } from 'execa'
import { OperatorError } from '../lib/errors.ts'

/** What the template needs, as packer/plugins/plugins.pkr.hcl asks for it. */
export const neededPlugins = [
  'github.com/hashicorp/amazon',
  'github.com/hashicorp/ansible',
  'github.com/hashicorp/qemu',
] as const

/** The command that gets them. */
export const pluginsHint = 'packer init packer/plugins'

/** The version of the Packer on PATH, `1.6.6`; `undefined` when there is none. */
export async function packerVersion(): Promise<string | undefined> {
  const { stdout, failed } = await execa('packer', ['version'], { reject: false, env: { CHECKPOINT_DISABLE: '1' } })
  return failed ? undefined : stdout.match(/v(\d+\.\d+\.\d+)/)?.[1]
}

/** Whether plugins are programs of their own for this version; up to 1.9 Packer brought all that we need. */
export function hasOwnPlugins(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 1 || minor >= 10
}

/** The plugins that this Packer needs and does not have. */
export async function missingPlugins(version: string): Promise<string[]> {
  if (!hasOwnPlugins(version)) return []
  const { stdout } = await execa('packer', ['plugins', 'installed'], {
    reject: false,
    env: { CHECKPOINT_DISABLE: '1' },
  })
  return neededPlugins.filter((plugin) => !stdout.includes(`/${plugin}/`))
}

/** Throws a refusal when Packer, or a plugin that it needs, is not on this computer. */
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
