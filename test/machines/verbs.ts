import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { testHome } from '../../tasks/dev/test-machines.ts'
import { slowed } from '../../tasks/dev/test-pace.ts'

export { testHome }

const repository = join(import.meta.dirname, '../..')

/** A port of the tests' own, so that they run beside a group of the user's. */
export const testPort = 18_080

/** The surroundings that every verb of the suites runs in. */
export const testEnvironment = {
  BAKEROLL_HOME: testHome,
  BAKEROLL_LOCAL_PORT: String(testPort),
  // tap loads itself into every Node it starts; a verb must run as it does for a user.
  NODE_OPTIONS: '',
}

export interface VerbOutcome {
  readonly exitCode: number
  // biome-ignore lint/suspicious/noExplicitAny: the facts of a verb are whatever its JSON says; the tests look into it.
  readonly facts: any
  readonly stderr: string
}

/** Starts a verb as `npm run` does, with --json. */
export function startVerb(verb: string, ...flags: string[]) {
  return startPlainVerb(verb, '--json', ...flags)
}

/** Starts a verb as `npm run` does. */
export function startPlainVerb(verb: string, ...flags: string[]) {
  return execa('sh', ['tasks/run.sh', verb, ...flags], {
    cwd: repository,
    env: testEnvironment,
    stdin: 'ignore',
    reject: false,
  })
}

/** Runs a verb to its end. */
export async function runVerb(verb: string, ...flags: string[]): Promise<VerbOutcome> {
  const { exitCode = -1, stdout, stderr } = await startVerb(verb, ...flags)
  return { exitCode, facts: stdout === '' ? undefined : JSON.parse(stdout), stderr }
}

/** Tries until `check` gives something true; throws with `what` after `seconds`. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  seconds = slowed(600),
): Promise<T> {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    const result = await check()
    if (result !== undefined && result !== false) return result
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`)
    await sleep(500)
  }
}

/** The machines of the suites' home that run now, by the id of their process. */
export async function machineProcesses(): Promise<{ pid: number; command: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      // ps writes question marks for what the terminal may not show.
      const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')
      const isOurs = command.includes(testHome) && /^(\S*\/)?(qemu-system-\S+|haproxy)\s/.test(command)
      return isOurs ? [{ pid: Number(pid), command }] : []
    }),
  )
  return found.flat()
}
