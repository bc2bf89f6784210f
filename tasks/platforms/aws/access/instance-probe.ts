import { OperatorError } from '../../../lib/errors.ts'
import type { Instance } from '../../../lib/platform.ts'
import type { Probe, ProbeResult } from '../../../lib/readiness.ts'
import { type Expectations, probeInstance } from '../../../tools/probe.ts'
import type { InstanceAccess } from './access.ts'
import { openTunnel } from './tunnel.ts'
import { openTunnels, type Tunnels } from './tunnels.ts'

/** Probes instances that have no public address. */
export interface InstanceProbe {
  /** See `Probe`. Throws a usage error when this computer cannot reach the instances. */
  readonly probe: Probe
  /** The base URL of an instance for another kind of measurement, valid until `close`. */
  urlFor(instance: Instance): Promise<string>
  /** Closes all tunnels. */
  close(): Promise<void>
}

/**
 * How long a successful probe counts while the load balancer agrees. A tunnel takes seconds to open, so none is kept
 * open instead.
 */
const trustedMs = 60_000

type Measure = (url: string, release: string, expected: Expectations) => Promise<ProbeResult>

/** Replaced in tests. */
export interface ProbeTools {
  readonly tunnels?: Tunnels<Instance>
  readonly measure?: Measure
  readonly now?: () => number
}

export function openInstanceProbe(
  access: InstanceAccess,
  expected: Expectations,
  tools: ProbeTools = {},
): InstanceProbe {
  const { measure = probeInstance, now = Date.now } = tools
  const tunnels =
    tools.tunnels ?? openTunnels(async (instance: Instance) => openTunnel(await access.sshArguments(instance, 0)))
  const probes: Record<InstanceAccess['mode'], Probe> = {
    none: async ({ health }) => byLoadBalancer(health),
    direct: ({ url }, release) => measure(url, release, expected),
    endpoint: throughTunnels(tunnels, (url, release) => measure(url, release, expected), now),
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
 * Probes through a tunnel, a second time when the first probe succeeds. Two successes close the tunnel and count for a
 * while, as long as the load balancer agrees: a few tunnels are enough for a thousand instances.
 */
function throughTunnels(
  tunnels: Tunnels<Instance>,
  measure: (url: string, release: string) => Promise<ProbeResult>,
  now: () => number,
): Probe {
  const trusted = new Map<string, { result: ProbeResult; release: string; untilMs: number }>()
  return async (instance, release) => {
    const { id, health } = instance
    // An instance that the load balancer has not checked cannot be ready, and its console may still be empty.
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
