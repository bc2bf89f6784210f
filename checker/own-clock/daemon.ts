import { existsSync } from 'node:fs'
import { programFolders, programIn } from '../programs.ts'
import type { OwnClock } from '../run-types.ts'
import type { DaemonName } from './daemon-answers.ts'

/** How one kind of time service is asked. */
export interface Daemon {
  readonly name: DaemonName
  readonly argv: readonly [string, ...string[]]
  /** It runs only where this is; absent: asking it tells. */
  readonly needs?: string
}

/** Those that tell a bound: chronyc(1), org.freedesktop.timesync1(5), ntpq(8). */
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
 * What the computer's own time service says of its clock, within a second. Without one that says anything, the clock is
 * taken as it is. Where no such program is installed, this costs a look at some folders.
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
      // A child of its own may hold the other end for as long as it likes.
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve('late')
    }, timeoutMs)
  })
}
