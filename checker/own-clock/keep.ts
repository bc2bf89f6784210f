import { readWallClock, type WallClock, wallClockStepMs } from '../clock/wall-clock.ts'
import type { OwnClock } from '../run-types.ts'
import { askServers } from './ask-servers.ts'
import { driftPerMs } from './bounds.ts'
import type { TimeServer } from './servers.ts'

interface Kept {
  readonly clock: OwnClock
  readonly wallClock: WallClock
  readonly atMs: number
}

/** A server must not be asked more often (RFC 4330, 10); a good answer lasts longer. */
const waitMs = { trusted: 64_000, unknown: 16_000, unmeasured: 0 }

const kept = new Map<string, Kept>()

/** Caches `askServers` for a minute; the bound widens with age, and a clock step drops the cache. */
export async function provenByServers(servers: readonly TimeServer[], timeoutMs: number): Promise<OwnClock> {
  const key = JSON.stringify(servers)
  const before = kept.get(key)
  const nowMs = performance.now()
  if (before !== undefined && wallClockStepMs(before.wallClock) === 0) {
    const ageMs = nowMs - before.atMs
    if (ageMs < waitMs[before.clock.state]) return aged(before.clock, ageMs)
  }
  const wallClock = readWallClock()
  const clock = await askServers(servers, timeoutMs)
  kept.set(key, { clock, wallClock, atMs: nowMs })
  return clock
}

/** Widens the bound by drift; exported for its tests. */
export function aged(clock: OwnClock, ageMs: number): OwnClock {
  if (clock.state !== 'trusted') return clock
  return { ...clock, errorMs: Math.ceil((clock.errorMs + ageMs * driftPerMs) * 1000) / 1000 }
}
