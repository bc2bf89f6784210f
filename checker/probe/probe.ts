import type { ClockSample } from '../clock/clock.ts'
import { type Reading, readTime } from '../clock/formats.ts'
import { nextSampleDelayMs } from '../clock/sampling.ts'
import { readWallClock, type WallClock, wallClockStepMs } from '../clock/wall-clock.ts'
import type { CheckSettings } from '../options/settings.ts'
import { resolveAddresses } from './addresses.ts'
import { answerProblem, failureAt, refuse } from './answer-problem.ts'
import type { Answer } from './connection.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import { describeFailure, type Failure } from './failure.ts'
import { openRoute, type Route, type RoutedAnswer } from './route.ts'
import type { Trust } from './socket.ts'
import { type CheckTarget, joinPath } from './target.ts'
import { type Turns, turnsFor } from './turns.ts'

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
  /** Where the redirects of the time path led, in order. */
  readonly hops?: readonly string[]
  /** Why the answer of the time path breaks the rule for its body. */
  readonly bodyFailure?: Failure
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
  readonly deadline: Deadline
  readonly wallClock: WallClock
  /** Waiting for the right moment of a sample ends here, so that the answers still fit in. */
  readonly waitUntilMs: number
  readonly trust: Trust
  readonly inTurn: Turns
}

/**
 * Measures every address of every target, none waiting for another's answer; ends `timeoutMs` after the reading `startedMs` of
 * `performance.now()`, whatever the services do.
 */
export async function probeTargets(
  targets: readonly CheckTarget[],
  settings: CheckSettings,
  startedMs = performance.now(),
): Promise<ProbeFacts[]> {
  const deadline = startDeadline(startedMs + settings.timeoutMs)
  const waitUntilMs = startedMs + settings.timeoutMs / 2
  const trust = await trustOf(settings)
  const inTurn = turnsFor(targets.length, settings.timeoutMs)
  const run: Run = { settings, deadline, wallClock: readWallClock(), waitUntilMs, trust, inTurn }
  const facts = await Promise.all(targets.map((target) => run.inTurn(() => probeTarget(target, run))))
  deadline.cancel()
  return facts.flat()
}

async function trustOf({ caFile, family }: CheckSettings): Promise<Trust> {
  return {
    ...(family === undefined ? {} : { family }),
    ...(caFile === undefined ? {} : { secureContext: (await import('./trust.ts')).trustFile(caFile) }),
  }
}

async function probeTarget(target: CheckTarget, run: Run): Promise<ProbeFacts[]> {
  const url = new URL(target.url)
  try {
    const addresses = target.address
      ? [target.address]
      : await resolveAddresses(url.hostname, run.deadline, run.settings.family)
    return await Promise.all(addresses.map((address) => probeAddress(target.url, address, run)))
  } catch (error) {
    return [{ url: target.url, samples: [], ownClockStepMs: 0, timeFailure: describeFailure(error) }]
  }
}

async function probeAddress(url: string, address: string, run: Run): Promise<ProbeFacts> {
  const { deadline, trust, settings } = run
  const route = openRoute(new URL(url), address, { ...trust, deadline, followRedirects: settings.followRedirects })
  const { connection } = route
  const time = await probeTime(route, new URL(url), run)
  const reachable = time.status !== undefined
  const version = reachable ? await probeVersion(route, new URL(url), run) : {}
  const remoteAddress = connection.remoteAddress() ?? (address.endsWith('localhost') ? undefined : address)
  const endsAt = connection.certificateEndsAt()
  route.close()
  return {
    url,
    ...(remoteAddress === undefined ? {} : { address: remoteAddress }),
    ...time,
    ...version,
    ...(endsAt === undefined ? {} : { certificateDaysLeft: Math.floor((endsAt.getTime() - Date.now()) / 86_400_000) }),
    ownClockStepMs: wallClockStepMs(run.wallClock),
  }
}

type TimeFacts = Pick<
  ProbeFacts,
  'status' | 'latencyMs' | 'timeFailure' | 'samples' | 'format' | 'note' | 'hops' | 'bodyFailure'
>

async function probeTime(route: Route, url: URL, run: Run): Promise<TimeFacts> {
  const { settings, wallClock } = run
  const path = joinPath(url, settings.timePath)
  const accept = typeof settings.timeFormat === 'object' ? 'application/json' : 'text/plain, */*;q=0.5'
  const samples: ClockSample[] = []
  const latenciesMs: number[] = []
  let last: RoutedAnswer | undefined
  let shown: Reading | undefined
  let body: Pick<TimeFacts, 'bodyFailure'> = {}
  const found = (timeFailure?: Failure): TimeFacts => ({
    ...(last === undefined ? {} : { status: last.status, latencyMs: median(latenciesMs), ...hopsOf(last) }),
    ...(shown === undefined ? {} : { format: shown.format, ...(shown.note === undefined ? {} : { note: shown.note }) }),
    ...{ ...body, samples, ...(timeFailure === undefined ? {} : { timeFailure }) },
  })
  try {
    while (samples.length < settings.samples) {
      await waitForMoment(samples, run)
      const answer = await route.get(path, accept)
      last = answer
      latenciesMs.push(answer.receivedMs - answer.sentMs)
      const problem = answerProblem(answer, settings, settings.expectStatus)
      if (problem !== undefined) return found(refuse(path, problem))
      if (samples.length === 0) body = await judgeBody(path, answer, run)
      const reading = readTime(answer.body, settings.timeFormat, answer.headers.date)
      if ('problem' in reading) return found(refuse(path, reading.problem))
      shown = reading
      const sentMs = wallClock(answer.sentMs) - wallClock.errorMs
      samples.push({ sentMs, receivedMs: wallClock(answer.receivedMs) + wallClock.errorMs, reading })
      const { bodyProblem } = reading
      if (bodyProblem !== undefined) return found(refuse(path, bodyProblem))
    }
    return found()
  } catch (error) {
    return found(failureAt(path, error, run.deadline, settings.timeoutMs))
  }
}

function hopsOf({ hops }: RoutedAnswer): Pick<ProbeFacts, 'hops'> {
  return hops.length === 0 ? {} : { hops }
}

async function judgeBody(
  path: string,
  { body }: Answer,
  { settings: { bodyMatch }, deadline }: Run,
): Promise<Pick<ProbeFacts, 'bodyFailure'>> {
  if (bodyMatch === undefined) return {}
  const failure = (await import('./body-rule.ts')).bodyFailure(
    path,
    body,
    bodyMatch,
    deadline.endMs - performance.now(),
  )
  return failure === undefined ? {} : { bodyFailure: failure }
}

async function waitForMoment(samples: readonly ClockSample[], run: Run): Promise<void> {
  const nowMs = performance.now()
  const delayMs = nextSampleDelayMs(samples, run.wallClock(nowMs))
  if (delayMs < 1 || nowMs + delayMs > run.waitUntilMs) return
  await new Promise((resolve) => setTimeout(resolve, delayMs))
}

async function probeVersion(
  route: Route,
  url: URL,
  run: Run,
): Promise<Pick<ProbeFacts, 'versionFound' | 'versionFailure'>> {
  const path = joinPath(url, run.settings.versionPath)
  try {
    const answer = await route.get(path, 'text/plain, */*;q=0.5')
    const problem = answerProblem(answer, run.settings)
    if (problem !== undefined) return { versionFailure: refuse(path, problem) }
    const text = answer.body.trim()
    if (!/^[\w.+~:@/-]{1,128}$/.test(text)) return { versionFailure: refuse(path, 'expected a version on one line') }
    return { versionFound: text }
  } catch (error) {
    return { versionFailure: failureAt(path, error, run.deadline, run.settings.timeoutMs) }
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
