import type { Instance } from '../platforms/platform.ts'

/** What our own probe of one instance found; an `...Ok` that is absent could not be told. */
export interface ProbeResult {
  readonly ok: boolean
  /** One line, when not ok: `GET /now: 502`. */
  readonly reason?: string | undefined
  readonly versionOk?: boolean | undefined
  readonly clockOk?: boolean | undefined
  readonly upstreamOk?: boolean | undefined
  /** How long it took to answer one request on a connection that was open already, median. */
  readonly latencyMs?: number | undefined
}

/** Measures this very instance past the load balancer. Never throws for a broken instance. */
export type Probe = (instance: Instance, expectedRelease: string) => Promise<ProbeResult>

/** What one run has seen of one instance so far. Lives as long as the run; a new run looks for itself. */
export interface Evidence {
  /** Its machine runs, the load balancer says healthy, and our last probes, enough of them, were right. */
  readonly proven: boolean
  /** This run has seen it proven at some time. */
  readonly everProven: boolean
  /** Probes in a row that were right. */
  readonly rightProbes: number
  /** This run has seen it pending or running. */
  readonly seenAlive: boolean
  /** Since when this run sees it not proven; absent while proven. */
  readonly unprovenSinceMs?: number
  readonly wrongRelease: boolean
  /** Why it is not proven, one line. */
  readonly reason?: string
}

/** What is known of an instance after one more look; `probe` is absent when it was not probed. */
export function weigh(
  before: Evidence | undefined,
  instance: Instance,
  probe: ProbeResult | undefined,
  look: { readonly nowMs: number; readonly probesNeeded: number },
): Evidence {
  const rightProbes = probe?.ok ? (before?.rightProbes ?? 0) + 1 : 0
  const reason = whyUnproven(instance, probe, rightProbes, look.probesNeeded)
  const proven = reason === undefined
  return {
    proven,
    everProven: proven || (before?.everProven ?? false),
    rightProbes,
    seenAlive: instance.state !== 'stopped' || (before?.seenAlive ?? false),
    wrongRelease: probe?.versionOk === false,
    ...(proven ? {} : { unprovenSinceMs: before?.unprovenSinceMs ?? look.nowMs, reason }),
  }
}

function whyUnproven(instance: Instance, probe: ProbeResult | undefined, rightProbes: number, probesNeeded: number) {
  if (instance.state === 'stopped') return 'its machine is gone'
  if (instance.state === 'pending') return 'its machine is booting'
  if (!probe) return 'not probed'
  if (!probe.ok) return probe.reason ?? 'our probe fails'
  if (instance.health !== 'healthy') return `the load balancer says ${instance.health}`
  if (rightProbes < probesNeeded) return `${rightProbes} of ${probesNeeded} probes right so far`
  return undefined
}

/** Why an instance is still waited for, one line. */
export function whyAwaited(evidence: Evidence | undefined): string {
  return evidence?.reason ?? 'not seen yet'
}
