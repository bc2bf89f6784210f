/** Measurements of the computer that runs the machines. */
export interface PaceFacts {
  readonly accelerator: 'kvm' | 'tcg'
  /** Processor time of a fixed piece of work. */
  readonly workMs: number
  /** Wall-clock time of that work per processor time: 1 when nothing else wanted the processor. */
  readonly stretch: number
  /** Processes that want a processor, on average or right now. */
  readonly load: number
  readonly processors: number
  /** Processors of each machine. */
  readonly cpus: number
  /** Time from a machine's start here to its first right answer, and how crowded the computer was then. */
  readonly boot?: { readonly seconds: number; readonly crowding: number } | undefined
}

/** The slowdown compared with a quiet computer with KVM, and why. */
export interface Pace {
  readonly factor: number
  readonly because: string
}

/** The computer that the limits were tuned on: processor time of the work, and a boot with KVM. */
const reference = { workMs: 36, bootSeconds: 15 }

/** Plain emulation boots in about three times the time of KVM. */
const emulation = 3

/** Capped, so that even the busiest computer detects a dead machine at some point. */
const highest = 15

/** How much longer a machine waits for a processor than on a quiet computer. */
export function crowdingOf({ load, processors, cpus, stretch }: PaceFacts): number {
  return Math.min(Math.max(1, (load + cpus) / processors, stretch), 10)
}

/** The factor for all limits; `wanted` overrides the measurements. */
export function paceFrom(facts: PaceFacts, wanted?: number): Pace {
  if (wanted !== undefined) return { factor: wanted, because: 'set by local.pace' }
  const accelerator = facts.accelerator === 'tcg' ? emulation : 1
  const processor = Math.min(Math.max(1, facts.workMs / reference.workMs), 4)
  const guessed = accelerator * processor
  const booted = facts.boot === undefined ? 0 : facts.boot.seconds / facts.boot.crowding / reference.bootSeconds
  const crowding = crowdingOf(facts)
  const factor = rounded(Math.min(Math.max(guessed, booted) * crowding, highest))
  const quiet =
    booted > guessed
      ? [`the last boot took ${Math.round(facts.boot?.seconds ?? 0)} s: ${rounded(booted)}`]
      : [
          facts.accelerator === 'tcg' ? `plain emulation: ${emulation}` : 'KVM: 1',
          ...(processor > 1.1 ? [`a slow processor: ${rounded(processor)}`] : []),
        ]
  const others = `load ${facts.load.toFixed(1)} on ${facts.processors} processors: ${rounded(crowding)}`
  return { factor, because: [...quiet, ...(crowding > 1.1 ? [others] : [])].join(', ') }
}

function rounded(factor: number): number {
  return Math.round(factor * 10) / 10
}

/** Time limits that depend on the speed of machines. */
export interface Limits {
  /** A machine, from its start to its first right answer; Packer's first connection to it; its shutdown. */
  readonly bootSeconds: number
  /** An instance, from launch until ready. */
  readonly instanceSeconds: number
  /** An SSH connection, by ssh or Ansible. */
  readonly connectSeconds: number
  /** Inside a booted machine: until its service answers. */
  readonly serviceSeconds: number
  /** Inside a booted machine: until chrony follows a clock, after three samples eight seconds apart. */
  readonly clockSeconds: number
  /** The image test over SSH, which first waits for the service and the clock. */
  readonly scriptSeconds: number
  /** One short command over SSH, such as reading the state of a machine. */
  readonly commandSeconds: number
  /**
   * One repair over SSH: Docker restarting its containers, say, or chrony looking for a clock, which takes up to two
   * minutes.
   */
  readonly repairSeconds: number
  /** After a repair: until the service, or SSH, is back. */
  readonly recoverySeconds: number
  readonly logsSeconds: number
  /** Terminating one instance. */
  readonly removalSeconds: number
  /** Cleaning up after an interrupted bake. */
  readonly cleanUpSeconds: number
  /** A whole probe: version and clock. */
  readonly probeMs: number
  /** The load balancer's health check, its connections, and how long a request may queue for one. */
  readonly healthCheckMs: number
  readonly balancerConnectMs: number
  readonly balancerQueueMs: number
  /** How long a watched canary may be unready. */
  readonly canaryGraceSeconds: number
}

/** Cloud instances have processors of their own, but small ones, and are far away. */
export const cloudFactor = 2

/** Factor 1 is a quiet computer with KVM. */
export function limitsAt(factor: number): Limits {
  const at = (amount: number) => Math.ceil(amount * factor)
  return {
    bootSeconds: at(100),
    instanceSeconds: at(200),
    connectSeconds: at(20),
    serviceSeconds: at(60),
    clockSeconds: at(45),
    scriptSeconds: at(120),
    commandSeconds: at(30),
    repairSeconds: at(150),
    recoverySeconds: at(30),
    logsSeconds: at(60),
    removalSeconds: at(60),
    cleanUpSeconds: at(60),
    probeMs: at(5000),
    healthCheckMs: at(3000),
    balancerConnectMs: at(5000),
    balancerQueueMs: at(20_000),
    canaryGraceSeconds: at(10),
  }
}
