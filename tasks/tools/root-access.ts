import { execa } from 'execa'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'

/** How to get root: already root, by sudo without a password, by sudo with the user's password, or not at all. */
export type RootAccess = 'root' | 'sudo' | 'password' | 'none'

/** Determines this without prompting. Only sudo itself knows whether a password would be accepted. */
export async function rootAccess(): Promise<RootAccess> {
  if (process.getuid?.() === 0) return 'root'
  const sudo = await execa('sudo', ['-n', 'true'], { reject: false, stdin: 'ignore' })
  if (!sudo.failed) return 'sudo'
  return sudo.code === 'ENOENT' ? 'none' : 'password'
}

/**
 * Lets sudo ask for the user's password once; returns when `sudo -n` works. sudo writes its prompt to the terminal
 * itself, so live output is suspended. Throws `refused` when nobody can be asked or the password was wrong.
 */
export async function askForPassword(
  packages: readonly string[],
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const hint = `sudo apt-get install --no-install-recommends ${packages.join(' ')}`
  const why = `installing ${packages.join(', ')} needs root`
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new OperatorError('refused', `${why}, and there is no terminal for sudo to ask for a password`, {
      hint,
    })
  }
  progress.event(`sudo asks for your password, to install ${packages.join(', ')}`)
  const resume = progress.suspend?.()
  const asked = await execa('sudo', ['-v'], {
    stdio: 'inherit',
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  }).finally(resume)
  if (signal?.aborted) throw new OperatorError('interrupted', 'interrupted at the password of sudo')
  if (asked.failed) throw new OperatorError('refused', `${why}, and sudo refused`, { hint, cause: asked })
  const { failed } = await execa('sudo', ['-n', 'true'], { reject: false, stdin: 'ignore' })
  // `timestamp_timeout=0` in sudoers.
  if (failed) throw new OperatorError('refused', `${why}, and sudo asks for the password every time here`, { hint })
}
