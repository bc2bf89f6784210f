import type { ClockSample } from '../clock/clock.ts'
import { readTime } from '../clock/formats.ts'
import type { Reading } from '../clock/reading.ts'
import { nextSampleDelayMs } from '../clock/sampling.ts'
import type { WallClock } from '../clock/wall-clock.ts'
import type { CheckSettings } from '../options/settings.ts'
import { answerProblem, failureAt, refuse } from './answer-problem.ts'
import type { Answer } from './connection.ts'
import type { Deadline } from './deadline.ts'
import type { ProbeFacts } from './facts.ts'
import type { Failure } from './failure.ts'
import type { Route, RoutedAnswer } from './route.ts'
import { joinPath } from './target.ts'

export interface Sampling {
  readonly settings: CheckSettings
  readonly deadline: Deadline
  readonly wallClock: WallClock
  /** Waiting for the right moment to sample ends here, a `performance.now()` reading, so that the answers still fit in. */
  readonly waitUntilMs: number
}

type TimeFacts = Pick<
  ProbeFacts,
  'status' | 'latencyMs' | 'timeFailure' | 'samples' | 'format' | 'note' | 'hops' | 'bodyFailure'
>

/** Requests the time as often as the settings say, until an answer is not acceptable; never throws. */
export async function probeTime(route: Route, url: URL, run: Sampling): Promise<TimeFacts> {
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
    ...body,
    samples,
    ...(timeFailure === undefined ? {} : { timeFailure }),
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
  { settings: { bodyMatch }, deadline }: Sampling,
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

async function waitForMoment(samples: readonly ClockSample[], run: Sampling): Promise<void> {
  const nowMs = performance.now()
  const delayMs = nextSampleDelayMs(samples, run.wallClock(nowMs))
  if (delayMs < 1 || nowMs + delayMs > run.waitUntilMs || run.deadline.isOver) return
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer)
      forget()
      resolve()
    }
    const timer = setTimeout(end, delayMs)
    const forget = run.deadline.whenOver(end)
  })
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
