import { existsSync } from 'node:fs'
import { programFolders, programIn } from '../programs.ts'
import type { OwnClock } from '../run-types.ts'
import type { DaemonName } from './daemon-answers.ts'

export interface Daemon {
  readonly name: DaemonName
  readonly argv: readonly [string, ...string[]]
  /** It runs only if this path exists; absent: only asking tells. */
  readonly needs?: string
}

/** chronyc(1), org.freedesktop.timesync1(5), ntpq(8). */
export const daemons: readonly Daemon[] = [
  { name: 'chrony', argv: ['chronyc', '-c', 'tracking'] },
  {
    name: 'systemd-timesyncd',
    argv: [
      'busctl',
      '--json=short',
      'get-property',
      'org.freedesktop.timesync1',
      '/org/freedesktop/timesync1',
      'org.freedesktop.timesync1.Manager',
      'NTPMessage',
    ],
    needs: '/run/systemd/timesync',
  },
  { name: 'ntp', argv: ['ntpq', '-c', 'rv'] },
]

const longestMs = 1000

/**
 * Asks the computer's own time service about its clock, within a second; `unmeasured` when none answers. Where none is installed,
 * this costs a look into a few folders.
 */
export async function askDaemon(timeoutMs: number, folders: readonly string[] = programFolders()): Promise<OwnClock> {
  const limitMs = Math.max(1, Math.min(longestMs, timeoutMs))
  const endMs = performance.now() + limitMs
  for (const { name, argv, needs } of daemons) {
    const [program, ...args] = argv
    const path = needs === undefined || existsSync(needs) ? programIn(program, folders) : undefined
    if (path === undefined) continue
    const said = await run(path, args, Math.max(1, endMs - performance.now()))
    if (said === 'late') return { state: 'unknown', reason: `${program} does not answer within ${limitMs} ms` }
    const { readDaemon } = await import('./daemon-answers.ts')
    const clock = said === 'failed' ? undefined : readDaemon(name, said.stdout, Date.now())
    if (clock !== undefined) return clock
  }
  return { state: 'unmeasured' }
}

async function run(
  path: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<{ readonly stdout: string } | 'failed' | 'late'> {
  const { execFile } = await import('node:child_process')
  return new Promise((resolve) => {
    const child = execFile(path, args, { env: { ...process.env, LC_ALL: 'C' } }, (error, stdout) => {
      clearTimeout(timer)
      resolve(error === null ? { stdout } : 'failed')
    })
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      // A grandchild may keep the other end open.
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve('late')
    }, timeoutMs)
  })
}
