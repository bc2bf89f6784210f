import type { Load, LoadResult } from '../../tools/load.ts'

export interface TimedLoad extends LoadResult {
  readonly seconds: number
}

/**
 * Does the work while a load runs; returns what the load counted. When the work fails, its error is thrown, and one of
 * stopping the load is only a warning.
 */
export async function underLoad(
  running: Load,
  work: () => Promise<unknown>,
  warn: (message: string) => void,
): Promise<TimedLoad> {
  const startedAt = Date.now()
  try {
    await work()
  } catch (error) {
    await running.stop().catch((ofLoad: unknown) => warn(`the load did not stop cleanly: ${messageOf(ofLoad)}`))
    throw error
  }
  const result = await running.stop()
  return { ...result, seconds: (Date.now() - startedAt) / 1000 }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Requests a second, answered or failed; one decimal below ten. */
export function perSecond({ sent, seconds }: Pick<TimedLoad, 'sent' | 'seconds'>): number {
  const rate = sent / Math.max(1, seconds)
  return rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate)
}

/** `15903 requests during the roll, 58 a second of the 120 asked for; 0 failed`. */
export function duringWords(during: TimedLoad, askedPerSecond: number): string {
  const rate = perSecond(during)
  const asked = rate < askedPerSecond * 0.98 ? ` of the ${askedPerSecond} asked for` : ''
  return `${during.sent} requests during the roll, ${rate} a second${asked}; ${during.failed} failed`
}

/** `15903 requests during the roll, 58 a second, and 7242 after it, 0 failed`. */
export function requestWords(during: TimedLoad, after: TimedLoad): string {
  const failed = during.failed + after.failed
  const both = after.sent > 0 ? ` and ${after.sent} after it` : ''
  const where = failed > 0 && after.sent > 0 ? ` (${during.failed} during the roll, ${after.failed} after it)` : ''
  return `${during.sent} requests during the roll, ${perSecond(during)} a second,${both}${both ? ',' : ''} ${failed} failed${where}`
}
