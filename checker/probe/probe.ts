import { keptWallClock, wallClockStepMs } from '../clock/wall-clock.ts'
import { type CheckSettings, settingsFor } from '../options/settings.ts'
import { namesWithin, type RunNames, resolveAddresses, withoutUnreachable } from './addresses.ts'
import { startDeadline } from './deadline.ts'
import type { ProbeFacts } from './facts.ts'
import { describeFailure, ProbeError } from './failure.ts'
import { openRoute, type Route, type RouteLimits } from './route.ts'
import type { CheckTarget } from './target.ts'
import { probeTime, type Sampling } from './time-path.ts'
import { type Turns, turnsFor } from './turns.ts'
import { probeVersion } from './version-path.ts'

interface Run extends Sampling {
  readonly trust: Pick<RouteLimits, 'secureContext' | 'own'>
  readonly names: RunNames
  readonly inTurn: Turns
}

/**
 * Probes every address of every target concurrently; ends `timeoutMs` after the `performance.now()` reading `startedMs`, or when
 * the signal is aborted.
 */
export async function probeTargets(
  targets: readonly CheckTarget[],
  settings: CheckSettings,
  startedMs = performance.now(),
  signal?: AbortSignal,
): Promise<ProbeFacts[]> {
  const deadline = startDeadline(startedMs + settings.timeoutMs, signal)
  const waitUntilMs = startedMs + settings.timeoutMs / 2
  const trust = await trustOf(settings, targets)
  const inTurn = turnsFor(targets.length, settings.timeoutMs)
  const run: Run = {
    settings,
    deadline,
    wallClock: keptWallClock(),
    waitUntilMs,
    trust,
    inTurn,
    names: namesWithin(deadline),
  }
  const facts = await Promise.all(targets.map((target) => run.inTurn(() => probeTarget(target, run))))
  deadline.cancel()
  return facts.flat()
}

/** Loads CA and client certificate, unless no target can lead to TLS. */
async function trustOf(
  { ca, identity, headers, followRedirects }: CheckSettings,
  targets: readonly CheckTarget[],
): Promise<Run['trust']> {
  const mayMeetTls = followRedirects > 0 || targets.some(({ url }) => /^https:/i.test(url))
  const trust = ca === undefined || !mayMeetTls ? {} : { secureContext: (await import('./trust.ts')).trustFile(ca) }
  const shown =
    identity === undefined || !mayMeetTls
      ? trust
      : { secureContext: (await import('./identity.ts')).identityContext(identity, ca) }
  if (shown === trust && headers === undefined) return trust
  return { ...trust, own: headers === undefined ? shown : { ...shown, headers } }
}

async function probeTarget(target: CheckTarget, all: Run): Promise<ProbeFacts[]> {
  const settings = settingsFor(all.settings, target.url)
  const url = new URL(target.url)
  try {
    const run = settings === all.settings ? all : { ...all, settings, trust: await trustOf(settings, [target]) }
    const refused = run.settings.reach?.hostProblem(url)
    if (refused !== undefined) throw new ProbeError(refused, 'checker')
    const places = target.address
      ? [[target.address]]
      : await resolveAddresses(url.hostname, run.names, run.settings.family)
    return withoutUnreachable(await Promise.all(places.map((addresses) => probePlace(target.url, url, addresses, run))))
  } catch (error) {
    return [{ url: target.url, samples: [], ownClockStepMs: 0, timeFailure: describeFailure(error) }]
  }
}

async function probePlace(name: string, url: URL, addresses: readonly string[], run: Run): Promise<ProbeFacts> {
  const {
    deadline,
    trust,
    names,
    settings: { followRedirects, freshConnections, family, reach },
  } = run
  const allowed = addresses.filter((address) => reach?.addressProblem(address) === undefined)
  const [address = ''] = addresses
  if (allowed.length === 0) return refusedFacts(name, address, `${reach?.addressProblem(address)}`)
  const route = openRoute(url, allowed, { ...trust, deadline, names, followRedirects, freshConnections, family, reach })
  const time = await probeTime(route, url, run)
  const reachable = time.status !== undefined
  const version = reachable ? await probeVersion(route, url, run) : {}
  const remoteAddress = route.remoteAddress() ?? (addresses.length === 1 ? addresses[0] : undefined)
  route.close()
  return {
    url: name,
    ...(remoteAddress === undefined ? {} : { address: remoteAddress }),
    ...time,
    ...version,
    ...certificateOf(route, url),
    ownClockStepMs: wallClockStepMs(run.wallClock),
  }
}

function refusedFacts(url: string, address: string, reason: string): ProbeFacts {
  return { url, address, samples: [], ownClockStepMs: 0, timeFailure: { reason, cause: 'checker' } }
}

function certificateOf(route: Route, { origin }: URL): Pick<ProbeFacts, 'certificate'> {
  const shown = route.certificate()
  if (shown === undefined) return {}
  const { endsMs } = shown
  const daysLeft = Math.floor((endsMs - Date.now()) / 86_400_000)
  const host = shown.origin === origin ? {} : { host: new URL(shown.origin).host }
  return { certificate: { endsMs, daysLeft, ...host } }
}
