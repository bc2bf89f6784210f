import { execa } from 'execa'
import { shellWord } from '../../checker/shell-word.ts'
import { runOver } from './ssh.ts'

export interface LogQuery {
  readonly sinceSeconds: number | undefined
  /** Only lines that contain this text literally. */
  readonly grep: string | undefined
  readonly signal: AbortSignal
  readonly timeoutSeconds: number
}

/** Includes systemd's messages about the units; the service's container logs through Docker. */
const units = '--unit nginx --unit docker --unit chrony --unit bakeroll-time --unit bakeroll-identity'

/** A shell script that prints an instance's log lines, oldest first: journal and nginx's access log. */
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

/** nginx's access log has the time of each request as `unixSeconds`. */
function accessLines(sinceSeconds: number | undefined, accessLog: string): string {
  if (sinceSeconds === undefined) return `tail --lines 1000 ${accessLog}`
  const field = `match($0, /"unixSeconds":[0-9]+/)`
  return `awk -v from="$(( $(date +%s) - ${sinceSeconds} ))" '${field} { if (substr($0, RSTART + 14, RLENGTH - 14) + 0 >= from) print }' ${accessLog}`
}

export async function readLogs(sshArguments: readonly string[], query: LogQuery): Promise<string[]> {
  const { stdout } = await runOver(sshArguments, logScript(query, false), query)
  return stdout.split('\n').filter((line) => line !== '')
}

/** Calls `onLine` for new lines until the signal or the end of the connection. */
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
