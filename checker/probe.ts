import { resolveAddresses } from './addresses.ts'
import type { ClockSample } from './clock.ts'
import { type Answer, type Connection, openConnection } from './connection.ts'
import { describeFailure, type Failure } from './failure.ts'
import { readTime } from './formats.ts'
import { nextSampleDelayMs } from './sampling.ts'
import type { CheckSettings } from './settings.ts'
import { type CheckTarget, joinPath } from './target.ts'
import { readWallClock, type WallClock, wallClockStepMs } from './wall-clock.ts'

/** What one address of a service answered: facts only, no judgement. */
export interface ProbeFacts {
  readonly url: string
  readonly address?: string
  /** HTTP status of the time path. */
  readonly status?: number
  /** Median of the answers to the time path, connecting not counted. */
  readonly latencyMs?: number
  /** Why the time could not be measured as often as asked. */
  readonly timeFailure?: Failure
  readonly samples: readonly ClockSample[]
  /** What the answers were read as. */
  readonly format?: string
  /** What had to be assumed to read them. */
  readonly note?: string
  /** What the version path answered, if it looks like a version. */
  readonly versionFound?: string
  /** Why there is no version. */
  readonly versionFailure?: Failure
  readonly certificateDaysLeft?: number
  /** How far the checker's own clock was stepped during the measurement. */
  readonly ownClockStepMs: number
}

interface Run {
  readonly settings: CheckSettings
  readonly signal: AbortSignal
  readonly wallClock: WallClock
  /** Waiting for the right moment of a sample ends here, so that the answers still fit in. */
  readonly waitUntilMs: number
}

/** Measures every address of every target at the same time; ends within `timeoutMs`, whatever the services do. */
export async function probeTargets(targets: readonly CheckTarget[], settings: CheckSettings): Promise<ProbeFacts[]> {
  const startMs = performance.now()
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), settings.timeoutMs)
  const waitUntilMs = startMs + settings.timeoutMs / 2
  const run: Run = { settings, signal: deadline.signal, wallClock: readWallClock(), waitUntilMs }
  const facts = await Promise.all(targets.map((target) => probeTarget(target, run)))
  clearTimeout(timer)
  return facts.flat()
}

async function probeTarget(target: CheckTarget, run: Run): Promise<ProbeFacts[]> {
  const url = new URL(target.url)
  try {
    const addresses = target.address ? [target.address] : await resolveAddresses(url.hostname, run.signal)
    return await Promise.all(addresses.map((address) => probeAddress(target.url, address, run)))
  } catch (error) {
    return [{ url: target.url, samples: [], ownClockStepMs: 0, timeFailure: describeFailure(error) }]
  }
}

async function probeAddress(url: string, address: string, run: Run): Promise<ProbeFacts> {
  const connection = openConnection(new URL(url), address, run.signal)
  const time = await probeTime(connection, new URL(url), run)
  const reachable = time.status !== undefined
  const version = reachable ? await probeVersion(connection, new URL(url), run) : {}
  const remoteAddress = connection.remoteAddress() ?? (address.endsWith('localhost') ? undefined : address)
  const endsAt = connection.certificateEndsAt()
  connection.close()
  return {
    url,
    ...(remoteAddress === undefined ? {} : { address: remoteAddress }),
    ...time,
    ...version,
    ...(endsAt === undefined ? {} : { certificateDaysLeft: Math.floor((endsAt.getTime() - Date.now()) / 86_400_000) }),
    ownClockStepMs: wallClockStepMs(run.wallClock),
  }
}

type TimeFacts = Pick<ProbeFacts, 'status' | 'latencyMs' | 'timeFailure' | 'samples' | 'format' | 'note'>

async function probeTime(connection: Connection, url: URL, run: Run): Promise<TimeFacts> {
  const { settings, wallClock } = run
  const path = joinPath(url, settings.timePath)
  const accept = typeof settings.timeFormat === 'object' ? 'application/json' : 'text/plain, */*;q=0.5'
  const samples: ClockSample[] = []
  const latenciesMs: number[] = []
  let seen: Pick<TimeFacts, 'status' | 'latencyMs' | 'format' | 'note'> = {}
  try {
    while (samples.length < settings.samples) {
      await waitForMoment(samples, run)
      const answer = await connection.get(path, accept)
      latenciesMs.push(answer.receivedMs - answer.sentMs)
      seen = { ...seen, status: answer.status, latencyMs: median(latenciesMs) }
      const problem = answerProblem(answer)
      if (problem !== undefined) return { ...seen, samples, timeFailure: refuse(path, problem) }
      const reading = readTime(answer.body, settings.timeFormat, answer.headers.date)
      if ('problem' in reading) return { ...seen, samples, timeFailure: refuse(path, reading.problem) }
      seen = { ...seen, format: reading.format, ...(reading.note === undefined ? {} : { note: reading.note }) }
      samples.push({ sentMs: wallClock(answer.sentMs), receivedMs: wallClock(answer.receivedMs), reading })
    }
    return { ...seen, samples }
  } catch (error) {
    return { ...seen, samples, timeFailure: withPath(path, error, run) }
  }
}

async function waitForMoment(samples: readonly ClockSample[], run: Run): Promise<void> {
  const nowMs = performance.now()
  const delayMs = nextSampleDelayMs(samples, run.wallClock(nowMs))
  if (delayMs < 1 || nowMs + delayMs > run.waitUntilMs) return
  await new Promise((resolve) => setTimeout(resolve, delayMs))
}

async function probeVersion(
  connection: Connection,
  url: URL,
  run: Run,
): Promise<Pick<ProbeFacts, 'versionFound' | 'versionFailure'>> {
  const path = joinPath(url, run.settings.versionPath)
  try {
    const answer = await connection.get(path, 'text/plain, */*;q=0.5')
    const problem = answerProblem(answer)
    if (problem !== undefined) return { versionFailure: refuse(path, problem) }
    const text = answer.body.trim()
    if (!/^[\w.+~:@/-]{1,128}$/.test(text)) return { versionFailure: refuse(path, 'expected a version on one line') }
    return { versionFound: text }
  } catch (error) {
    return { versionFailure: withPath(path, error, run) }
  }
}

function answerProblem({ status, headers }: Answer): string | undefined {
  const { location, 'content-encoding': encoding = 'identity' } = headers
  if (status >= 300 && status < 400 && location !== undefined) {
    return `HTTP ${status} to ${JSON.stringify(location.slice(0, 200))}; redirects are not followed`
  }
  if (status !== 200) return `HTTP ${status}`
  if (encoding !== 'identity') return `the answer is compressed (${JSON.stringify(encoding)}), which was not asked for`
  return undefined
}

function refuse(path: string, problem: string): Failure {
  return { reason: `GET ${path}: ${problem}`, blame: 'service' }
}

function withPath(path: string, error: unknown, { signal, settings }: Run): Failure {
  if (signal.aborted) return refuse(path, `no complete answer within ${settings.timeoutMs / 1000} s`)
  const { reason, blame } = describeFailure(error)
  return { reason: `GET ${path}: ${reason}`, blame }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
