import { execa } from 'execa'

/** How root is to be had here: by being it, by sudo without a question, by sudo with the user's password, or not at all. */
export type RootAccess = 'root' | 'sudo' | 'password' | 'none'

/** Finds out, and asks nobody. Whether a password would be the right one, or be enough, only sudo itself knows. */
export async function rootAccess(): Promise<RootAccess> {
  if (process.getuid?.() === 0) return 'root'
  const sudo = await execa('sudo', ['-n', 'true'], { reject: false, stdin: 'ignore' })
  if (!sudo.failed) return 'sudo'
  return sudo.code === 'ENOENT' ? 'none' : 'password'
}
