import { type ClockSample, estimateClocks } from '../../../../checker/clock/clock.ts'
import { readTime } from '../../../../checker/clock/formats.ts'
import { nextSampleDelayMs } from '../../../../checker/clock/sampling.ts'
import { OperatorError } from '../../../lib/errors.ts'
import type { Finding } from '../../../lib/platform.ts'
import { setClock } from '../failures/hints.ts'

/** AWS refuses signatures that are five minutes off; judging the service's clock needs this one to be right. */
const limits = { refusedMs: 300_000, warnedMs: 1000 }

/**
 * Compares this computer's clock with the Date header of `url`, which has a resolution of one second. Samples before
 * the first failure, and within `limitMs`, count; throws `failed` when there are none.
 */
export async function clockFinding(url: string, { samples = 4, limitMs = 15_000 } = {}): Promise<Finding> {
  const taken: ClockSample[] = []
  const signal = AbortSignal.timeout(limitMs)
  let failure: unknown
  while (taken.length < samples && failure === undefined) {
    await new Promise((resolve) => setTimeout(resolve, nextSampleDelayMs(taken, Date.now())))
    await sample(url, signal).then(
      (one) => taken.push(one),
      (error) => {
        failure = error
      },
    )
  }
  if (taken.length === 0) throw failure
  const { offsetMs = 0, errorMs = 0 } = estimateClocks(taken)[0] ?? {}
  return judgeClock(-offsetMs, errorMs)
}

/** `offsetMs ± errorMs` is how far this computer's clock is ahead of AWS. */
export function judgeClock(offsetMs: number, errorMs: number): Finding {
  const off = Math.abs(offsetMs) - errorMs
  const seconds = (Math.abs(offsetMs) / 1000).toFixed(1)
  const found = `${seconds} s ${offsetMs < 0 ? 'behind' : 'ahead of'} AWS (± ${(errorMs / 1000).toFixed(1)} s)`
  if (off <= limits.warnedMs) return { name: 'own clock', status: 'ok', found }
  const isRefused = off > limits.refusedMs
  const why = isRefused
    ? 'AWS refuses requests that are more than 5 minutes off'
    : 'too far off to judge the clock of the service'
  return { name: 'own clock', status: isRefused ? 'fail' : 'warn', found: `${found}: ${why}`, hint: setClock }
}

async function sample(url: string, signal: AbortSignal): Promise<ClockSample> {
  const sentMs = Date.now()
  const answer = await fetch(url, { method: 'HEAD', redirect: 'manual', signal }).catch(
    (cause: Error & { cause?: Error }) => {
      throw new OperatorError('failed', `${url} does not answer: ${cause.cause?.message ?? cause.message}`, { cause })
    },
  )
  const receivedMs = Date.now()
  const reading = readTime('', 'http-date', answer.headers.get('date') ?? '')
  if ('problem' in reading) throw new OperatorError('failed', `${url} returns no time: ${reading.problem}`)
  return { sentMs, receivedMs, reading }
}
