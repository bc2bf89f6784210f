import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from './lib/clock.ts'
import { OperatorError } from './lib/errors.ts'
import type { Probe } from './lib/evidence.ts'
import type { Progress } from './lib/progress.ts'
import { checkHomeIsWritable, homeAt } from './platforms/local/home.ts'
import { groupNames, openLocalPlatform } from './platforms/local/local.ts'
import type { Group, Image, Platform } from './platforms/platform.ts'
import type { Settings } from './terminal/settings.ts'
import { probeInstance } from './tools/probe.ts'
import { chooseAccelerator } from './tools/qemu.ts'

/** An image that `bake` gave, and how it came by it. */
export interface Baked {
  readonly image: Image
  readonly reused: boolean
}

/** A platform, and what is decided together with it. */
export interface OpenPlatform {
  readonly platform: Platform
  /** Every group of this home or account, for what must know all users of an image. */
  groups(): Promise<Group[]>
  bake(wanted: { release: string; force: boolean }, run: { progress: Progress; signal: AbortSignal }): Promise<Baked>
  /** What a bake would do, in words. */
  planBake(wanted: { release: string; force: boolean }): Promise<readonly string[]>
  /** Time for an instance to boot and be proven, unless a setting says otherwise. */
  readonly instanceTimeoutSeconds: number
}

/** The real clock. */
export const clock: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal ? { signal } : {})
  },
}

/** Our own probe of one instance, past the load balancer. */
export const probe: Probe = ({ url }, expectedRelease) => probeInstance(url, expectedRelease)

/** Opens the platform that the settings name; throws a usage error when its home cannot be written. */
export function openPlatform(settings: Settings): OpenPlatform {
  if (settings.platform === 'aws') {
    throw new OperatorError('usage', 'the aws platform is not part of this version yet', {
      hint: 'leave --platform away: local is the default',
    })
  }
  return openLocal(settings)
}

function openLocal(settings: Settings): OpenPlatform {
  const home = homeAt(settings.home)
  checkHomeIsWritable(home)
  const { accelerator } = chooseAccelerator(settings.local.accelerator)
  const machine = { accelerator, cpus: settings.local.cpus, memoryMib: settings.local.memoryMib }
  const open = (group: string) => openLocalPlatform({ home, group, port: settings.local.port, machine })
  const bootTimeoutSeconds = accelerator === 'tcg' ? 300 : 90
  const source = { suite: settings.image.suite, diskGib: settings.image.baseDiskGib }
  return {
    platform: open(settings.group),
    groups: async () => {
      const groups = await Promise.all(groupNames(home).map((name) => open(name).group()))
      return groups.filter((group) => group !== undefined)
    },
    async bake(wanted, run) {
      const { bakeImage } = await import('./platforms/local/bakery.ts')
      return bakeImage({ home, machine, bootTimeoutSeconds, ...source, ...wanted, ...run })
    },
    async planBake(wanted) {
      const { planBake } = await import('./platforms/local/bakery.ts')
      return (await planBake({ home, ...source, ...wanted })).steps
    },
    instanceTimeoutSeconds: settings.roll.instanceTimeoutSeconds ?? 2 * bootTimeoutSeconds,
  }
}
