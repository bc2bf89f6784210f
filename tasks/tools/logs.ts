import { execa } from 'execa'
import { shellWord } from '../../checker/shell-word.ts'
import { runOver } from './ssh.ts'

/** Which lines are wanted. */
export interface LogQuery {
  readonly sinceSeconds: number | undefined
  /** Only lines that contain this very text. */
  readonly grep: string | undefined
  readonly signal: AbortSignal
  readonly timeoutSeconds: number
}

/** What the units wrote, and what systemd says of them; the service's container writes through Docker. */
const units = '--unit nginx --unit docker --unit chrony --unit bakeroll-time --unit bakeroll-identity'

/** The shell script that prints the log lines of an instance, oldest first: journal and nginx's access log. */
export function logScript(
  { sinceSeconds, grep }: Pick<LogQuery, 'sinceSeconds' | 'grep'>,
  follow: boolean,
  accessLog = '/var/log/nginx/access.log',
): string {
  const since = sinceSeconds === undefined ? '' : `--since '-${sinceSeconds}s'`
  const journal = `journalctl --no-pager --output short-iso --quiet ${since} ${units}`
  const filter =
    grep === undefined ? '' : ` | grep ${follow ? '--line-buffered ' : ''}--fixed-strings -e ${shellWord(grep)} || true`
  if (follow)
    return `( ${journal} --lines 10 --follow & exec tail --lines 10 --follow=name --quiet ${accessLog} )${filter}\n`
  return `( ${journal}; ${accessLines(sinceSeconds, accessLog)} )${filter}\n`
}

/** nginx's access log holds the moment of each request as `unixSeconds`. */
function accessLines(sinceSeconds: number | undefined, accessLog: string): string {
  if (sinceSeconds === undefined) return `tail --lines 1000 ${accessLog}`
  const field = `match($0, /"unixSeconds":[0-9]+/)`
  return `awk -v from="$(( $(date +%s) - ${sinceSeconds} ))" '${field} { if (substr($0, RSTART + 14, RLENGTH - 14) + 0 >= from) print }' ${accessLog}`
}

/** The log lines of one instance, read over SSH. */
export async function readLogs(sshArguments: readonly string[], query: LogQuery): Promise<string[]> {
  const { stdout } = await runOver(sshArguments, logScript(query, false), query)
  return stdout.split('\n').filter((line) => line !== '')
}

/** Gives new log lines of one instance as they come, until the signal or the end of the connection. */
export async function followLogs(
  sshArguments: readonly string[],
  query: LogQuery,
  onLine: (line: string) => void,
): Promise<void> {
  const child = execa('ssh', [...sshArguments, `sudo sh -c ${shellWord(logScript(query, true))}`], {
    stdin: 'ignore',
    reject: false,
    buffer: false,
    cancelSignal: query.signal,
  })
  try {
    for await (const line of child) onLine(String(line))
  } catch (error) {
    if (!query.signal.aborted) throw error
  }
}
