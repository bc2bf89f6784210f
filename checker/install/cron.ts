import { createHash } from 'node:crypto'
import { cronCommand, shellCommand } from './quoting.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** Vixie cron truncates longer commands. */
const longestCommand = 998

/** The five fields for an interval; undefined when crontab(5) cannot express it evenly. */
export function cronSchedule(everyMs: number): string | undefined {
  const minutes = everyMs / minuteMs
  const hours = everyMs / hourMs
  if (minutes === 1) return '* * * * *'
  if (Number.isInteger(minutes) && minutes < 60 && 60 % minutes === 0) return `*/${minutes} * * * *`
  if (hours === 1) return '0 * * * *'
  if (hours === 24) return '0 0 * * *'
  return Number.isInteger(hours) && 24 % hours === 0 ? `0 */${hours} * * *` : undefined
}

export interface CronLine {
  readonly words: readonly string[]
  readonly everyMs: number
  readonly timeoutMs: number
  /** Determines the constant delay after the full minute. */
  readonly seed: string
  /** Absolute paths; undefined: not installed. */
  readonly timeout: string | undefined
  readonly logger: string | undefined
  /** A file of environment variables for the check. */
  readonly variables?: string | undefined
}

/** The line: waits, checks within a time limit, sends output to syslog. Throws for what crontab(5) cannot hold. */
export function cronLine({ words, everyMs, timeoutMs, seed, timeout, logger, variables }: CronLine): string {
  const schedule = cronSchedule(everyMs)
  if (schedule === undefined) throw new Error('cron knows no such interval')
  const lost = words.find((word) => /[\n\r\0]/.test(word))
  if (lost !== undefined) throw new Error(`a crontab cannot hold a line break: ${JSON.stringify(lost)}`)
  const limit = timeout === undefined ? [] : [timeout, '-k', '5', String(Math.ceil(timeoutMs / 1000) + 15)]
  const log = logger === undefined ? '' : ` 2>&1 | ${shellCommand([logger, '-t', 'bakeroll-check'])}`
  const read = variables === undefined ? '' : `set -a; . ${shellCommand([variables])}; set +a; `
  const command = cronCommand(
    `sleep ${jitterSeconds(seed, everyMs, timeoutMs)}; ${read}${shellCommand([...limit, ...words])}${log}`,
  )
  if (Buffer.byteLength(command) > longestCommand) {
    throw new Error(
      `the line is longer than the ${longestCommand} bytes that cron reads; put the urls into a --targets FILE`,
    )
  }
  return `${schedule} ${command}`
}

/** Less than a minute, and at most half of the interval's spare time, so that not all hosts check at the full minute. */
export function jitterSeconds(seed: string, everyMs: number, timeoutMs: number): number {
  const room = Math.min(59, Math.floor((everyMs - timeoutMs) / 2000))
  return createHash('sha256').update(seed).digest().readUInt32BE() % (room + 1)
}

/** Inserts or replaces the line between the markers of `name`; all else stays byte for byte. */
export function withLine(crontab: string, name: string, line: string): string {
  const block = `${begin(name)}\n${line}\n${end(name)}\n`
  const found = findBlock(crontab, name)
  if (found !== undefined) return crontab.slice(0, found.from) + block + crontab.slice(found.to)
  return `${crontab}${crontab === '' || crontab.endsWith('\n') ? '' : '\n'}${block}`
}

/** Removes the markers of `name` and everything between them. */
export function withoutLine(crontab: string, name: string): string {
  const found = findBlock(crontab, name)
  return found === undefined ? crontab : crontab.slice(0, found.from) + crontab.slice(found.to)
}

/** The names of all checks installed in a crontab. */
export function namesIn(crontab: string): string[] {
  return [...crontab.matchAll(/^# bakeroll check (\S+) begin$/gm)].map(([, name = '']) => name)
}

function findBlock(crontab: string, name: string): { readonly from: number; readonly to: number } | undefined {
  const from = `\n${crontab}`.indexOf(`\n${begin(name)}\n`)
  if (from === -1) return undefined
  const last = crontab.indexOf(`\n${end(name)}\n`, from)
  if (last === -1) throw new Error(`the crontab has "${begin(name)}" without its end; fix it with crontab -e`)
  return { from, to: last + end(name).length + 2 }
}

function begin(name: string): string {
  return `# bakeroll check ${name} begin`
}

function end(name: string): string {
  return `# bakeroll check ${name} end`
}
