import { keptWallClock, wallClockStepMs } from '../clock/wall-clock.ts'
import type { CheckSettings } from '../options/settings.ts'
import { resolveAddresses } from './addresses.ts'
import { startDeadline } from './deadline.ts'
import type { ProbeFacts } from './facts.ts'
import { describeFailure } from './failure.ts'
import { openRoute } from './route.ts'
import type { Trust } from './socket.ts'
import type { CheckTarget } from './target.ts'
import { probeTime, type Sampling } from './time-path.ts'
import { type Turns, turnsFor } from './turns.ts'
import { probeVersion } from './version-path.ts'

interface Run extends Sampling {
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
  const run: Run = { settings, deadline, wallClock: keptWallClock(), waitUntilMs, trust, inTurn }
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
    return await Promise.all(addresses.map((address) => probeAddress(target.url, url, address, run)))
  } catch (error) {
    return [{ url: target.url, samples: [], ownClockStepMs: 0, timeFailure: describeFailure(error) }]
  }
}

async function probeAddress(name: string, url: URL, address: string, run: Run): Promise<ProbeFacts> {
  const { deadline, trust, settings } = run
  const route = openRoute(url, address, { ...trust, deadline, followRedirects: settings.followRedirects })
  const { connection } = route
  const time = await probeTime(route, url, run)
  const reachable = time.status !== undefined
  const version = reachable ? await probeVersion(route, url, run) : {}
  const remoteAddress = connection.remoteAddress() ?? (address.endsWith('localhost') ? undefined : address)
  const endsAt = connection.certificateEndsAt()
  route.close()
  return {
    url: name,
    ...(remoteAddress === undefined ? {} : { address: remoteAddress }),
    ...time,
    ...version,
    ...(endsAt === undefined ? {} : { certificateDaysLeft: Math.floor((endsAt.getTime() - Date.now()) / 86_400_000) }),
    ownClockStepMs: wallClockStepMs(run.wallClock),
  }
}
