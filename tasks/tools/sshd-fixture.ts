import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import type { Test } from 'tap'

/** On Debian it is not on a user's PATH; sshd must be called by its full path. */
const sshd = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  .map((folder) => join(folder, 'sshd'))
  .find((file) => existsSync(file))

/** Why no SSH server can start here; false when one can. */
export const noSshd: string | false = sshd === undefined && 'sshd is not installed'

export interface SshdSettings {
  /** A free port of 127.0.0.1. */
  readonly port: number
  /** An empty folder for its files. */
  readonly folder: string
  readonly authorizedKeys?: readonly string[]
  /** Further lines of its configuration. */
  readonly lines?: readonly string[]
}

/** Makes an ed25519 key pair in `file` and `file.pub`; returns the public key. */
export async function makeKey(file: string): Promise<string> {
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file])
  return readFileSync(`${file}.pub`, 'utf8').trim()
}

/**
 * Starts a real SSH server on loopback until the test ends; returns its public host key, or why it does not start here.
 * Its sessions have a fake `sudo` that does not change the user.
 */
export async function startSshd(
  t: Test,
  { port, folder, authorizedKeys = [], lines = [] }: SshdSettings,
): Promise<{ hostKey: string } | { reason: string }> {
  // sshd runs no program from a folder that others can write.
  chmodSync(folder, 0o755)
  const file = (name: string) => join(folder, name)
  mkdirSync(file('bin'))
  const hostKey = await makeKey(file('host'))
  writeFileSync(file('authorized_keys'), authorizedKeys.map((key) => `${key}\n`).join(''))
  writeFileSync(file('bin/sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 })
  writeFileSync(
    file('sshd.conf'),
    [
      'ListenAddress 127.0.0.1',
      `HostKey ${file('host')}`,
      `AuthorizedKeysFile ${file('authorized_keys')}`,
      'StrictModes no',
      'PidFile none',
      `SetEnv PATH=${file('bin')}:${process.env['PATH']}`,
      ...lines,
      '',
    ].join('\n'),
  )
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
  const server = spawn(sshd ?? '', ['-D', '-e', '-p', String(port), '-f', file('sshd.conf')], { stdio: 'pipe' })
  t.teardown(() => server.kill())
  const said = await new Promise<string>((resolve) => {
    let text = ''
    server.stderr.on('data', (chunk) => {
      text += chunk
      if (text.includes('Server listening')) resolve(text)
    })
    server.on('exit', () => resolve(text))
  })
  return said.includes('Server listening') ? { hostKey } : { reason: `sshd does not start here: ${said.trim()}` }
}
