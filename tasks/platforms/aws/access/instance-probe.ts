import { OperatorError } from '../../../lib/errors.ts'
import type { Instance } from '../../../lib/platform.ts'
import type { Probe, ProbeResult } from '../../../lib/readiness.ts'
import { probeInstance } from '../../../tools/probe.ts'
import type { InstanceAccess } from './access.ts'
import { openTunnel } from './tunnel.ts'
import { openTunnels, type Tunnels } from './tunnels.ts'

/** Our own measurement of instances that have no public address. */
export interface InstanceProbe {
  /** As `Probe` says; throws a usage error when this computer lacks what the way to the instances needs. */
  readonly probe: Probe
  /** The base url of an instance for a measurement of another kind, good until `close`. */
  urlFor(instance: Instance): Promise<string>
  /** Ends what leads to the instances. */
  close(): Promise<void>
}

/** How long a right answer counts while the load balancer says the same; a tunnel costs seconds, so none is kept for that long. */
const trustedMs = 60_000

/** What a probe measures with; replaced in tests. */
export interface ProbeTools {
  readonly tunnels?: Tunnels<Instance>
  readonly measure?: typeof probeInstance
  readonly now?: () => number
}

/** Opens the probe of a group's instances, each by the way that its access gives. */
export function openInstanceProbe(access: InstanceAccess, tools: ProbeTools = {}): InstanceProbe {
  const { measure = probeInstance, now = Date.now } = tools
  const tunnels =
    tools.tunnels ?? openTunnels(async (instance: Instance) => openTunnel(await access.sshArguments(instance, 0)))
  const probes: Record<InstanceAccess['mode'], Probe> = {
    none: async ({ health }) => byLoadBalancer(health),
    direct: ({ url }, release) => measure(url, release),
    endpoint: throughTunnels(tunnels, measure, now),
  }
  return {
    probe: async (instance, release) => {
      if (access.mode !== 'none') await access.assertReady()
      return probes[access.mode](instance, release)
    },
    urlFor: async (instance) => {
      await access.assertReady()
      return access.mode === 'direct' ? instance.url : tunnels.hold(instance)
    },
    close: () => tunnels.close(),
  }
}

function byLoadBalancer(health: Instance['health']): ProbeResult {
  return health === 'healthy' ? { ok: true } : { ok: false, reason: `the load balancer says ${health}` }
}

/**
 * Measures through a tunnel, twice where the first answer is right. Two right answers count for a while, as long as the load
 * balancer agrees, and end the tunnel: a thousand instances are measured through a few.
 */
function throughTunnels(tunnels: Tunnels<Instance>, measure: typeof probeInstance, now: () => number): Probe {
  const trusted = new Map<string, { result: ProbeResult; release: string; untilMs: number }>()
  return async (instance, release) => {
    const { id, health } = instance
    // Nobody takes an instance for ready that the load balancer has not looked at, and its console may be empty yet.
    if (health === 'initial') return byLoadBalancer(health)
    const known = trusted.get(id)
    if (health === 'healthy' && known?.release === release && now() < known.untilMs) return known.result
    trusted.delete(id)
    try {
      const result = await tunnels.through(instance, async (url) => {
        const first = await measure(url, release)
        return first.ok ? measure(url, release) : first
      })
      if (!result.ok) return result
      trusted.set(id, { result, release, untilMs: now() + trustedMs })
      await tunnels.end(id)
      return result
    } catch (error) {
      if (error instanceof OperatorError && error.kind !== 'interrupted') return { ok: false, reason: error.message }
      throw error
    }
  }
}
