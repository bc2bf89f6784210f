import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'

/** Its package.json lists the releases, its lock their checksums. */
const folder = join(import.meta.dirname, '../../test/nodes')

/**
 * Installs the other Node releases for tests of the checker's bundle from npm, if the lock has changed. Separate from
 * our own packages, because each would replace our program `node`. Throws an OperatorError with npm's last lines.
 */
export async function ensureTestNodes(progress: Progress, signal?: AbortSignal): Promise<void> {
  const [lock, stamp] = [join(folder, 'package-lock.json'), join(folder, 'node_modules', '.installed-lock.json')]
  const [wanted, found] = await Promise.all([lock, stamp].map((file) => readFile(file, 'utf8').catch(() => undefined)))
  if (wanted === found) return
  await progress.step('install Node 20 and 22 from npm, for tests of the checker', async () => {
    const argv = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
    const result = await execa('npm', argv, {
      cwd: folder,
      reject: false,
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    })
    if (result.isCanceled) throw new OperatorError('interrupted', 'interrupted while installing Node 20 and 22')
    if (result.failed) {
      const last = result.stderr.trim().split('\n').slice(-10).join('\n')
      throw new OperatorError('failed', `installing Node 20 and 22 from npm: ${last || result.shortMessage}`, {
        hint: `check the network, then: npm ci --prefix ${folder}`,
        cause: result,
      })
    }
    await copyFile(lock, stamp)
  })
}
