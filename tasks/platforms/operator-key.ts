import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { OperatorError } from '../lib/errors.ts'

/**
 * The SSH key of a home, created in its folder `keys` on the first call. Instances get it through their metadata; it is
 * never in an image.
 */
export async function operatorKey(home: {
  readonly keys: string
}): Promise<{ privateKeyFile: string; publicKey: string }> {
  const privateKeyFile = join(home.keys, 'id_ed25519')
  if (!existsSync(`${privateKeyFile}.pub`)) {
    await mkdir(home.keys, { recursive: true, mode: 0o700 })
    await makeKey(privateKeyFile)
  }
  return { privateKeyFile, publicKey: readFileSync(`${privateKeyFile}.pub`, 'utf8').trim() }
}

async function makeKey(file: string): Promise<void> {
  try {
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'bakeroll', '-f', file], { input: 'y\n' })
  } catch (cause) {
    const said = ((cause as { stderr?: string }).stderr || String(cause)).trim()
    throw new OperatorError('failed', `cannot create an SSH key: ${said}`, {
      hint: said.startsWith('No user exists')
        ? 'ssh works only for users with an entry in /etc/passwd'
        : 'npm run doctor',
      cause,
    })
  }
}
