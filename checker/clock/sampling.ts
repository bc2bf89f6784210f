import { type ClockSample, offsetIntervals, shared } from './clock.ts'

/**
 * How long to wait before the next sample, in milliseconds. A clock that shows whole seconds is asked when its next second would
 * start if the middle of the known interval were right, so that every answer halves the bound; clocks that show milliseconds are
 * asked at once.
 */
export function nextSampleDelayMs(samples: readonly ClockSample[], nowMs: number): number {
  const resolutionMs = Math.min(...samples.map(({ reading }) => reading.resolutionMs))
  if (samples.length < 2 || resolutionMs < 100) return 0
  const { lowMs, highMs } = shared(offsetIntervals(samples))
  const roundTripMs = Math.min(...samples.map(({ sentMs, receivedMs }) => receivedMs - sentMs))
  if (highMs - lowMs < roundTripMs + finestStepMs) return 0
  const readMs = nowMs + roundTripMs / 2 + (lowMs + highMs) / 2
  return (Math.ceil(readMs / resolutionMs) * resolutionMs - readMs) % resolutionMs
}

/** Timers fire to the millisecond, so waiting for less than a few gains nothing. */
const finestStepMs = 4
