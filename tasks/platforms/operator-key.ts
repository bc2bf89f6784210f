import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { OperatorError } from '../lib/errors.ts'

/**
 * The SSH key of a home, made in its folder `keys` at the first call. It reaches instances through their metadata, never an
 * image.
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
    throw new OperatorError('failed', `no SSH key can be made: ${said}`, {
      hint: said.startsWith('No user exists')
        ? 'ssh works for users with an entry in /etc/passwd only'
        : 'npm run doctor',
      cause,
    })
  }
}
