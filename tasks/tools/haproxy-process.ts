import { readFile } from 'node:fs/promises'
import { execa } from 'execa'

/** HAProxy's arguments to check a configuration file without starting. */
export function validateArguments(configFile: string): string[] {
  return ['-c', '-f', configFile]
}

/** HAProxy's arguments to start in the background. */
export function startArguments(configFile: string): string[] {
  return ['-D', '-f', configFile]
}

/**
 * The pid of the HAProxy that runs this configuration file, or `undefined`. The pid file alone proves nothing: after a
 * crash it stays behind, and the system may have given the number to another program.
 */
export async function ownPid(pidFile: string, configFile: string): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''))
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return (await commandLine(pid)).includes(configFile) ? pid : undefined
}

/** Empty for a process that has ended, a zombie too. */
async function commandLine(pid: number): Promise<string[]> {
  if (process.platform === 'linux') return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
  const { stdout, exitCode } = await execa('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { reject: false })
  // The configuration file is the last argument, and may hold spaces.
  return exitCode === 0 ? [stdout.slice(stdout.indexOf(' -f ') + ' -f '.length)] : []
}
