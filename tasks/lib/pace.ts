/** What was measured of a computer that runs machines. */
export interface PaceFacts {
  readonly accelerator: 'kvm' | 'tcg'
  /** Processor time of a fixed piece of work. */
  readonly workMs: number
  /** How long that took by the clock, for each moment of processor time: 1 when nobody else wanted the processor. */
  readonly stretch: number
  /** Processes that want a processor, on average or at this moment. */
  readonly load: number
  readonly processors: number
  /** Processors of each machine. */
  readonly cpus: number
  /** How long a machine took here from its start to its first right answer, when the computer was as crowded as it says. */
  readonly boot?: { readonly seconds: number; readonly crowding: number } | undefined
}

/** By how much everything takes longer than on a quiet computer with KVM, and why. */
export interface Pace {
  readonly factor: number
  readonly because: string
}

/** The work on the computer that the limits were tried on, and a boot there with KVM. */
const reference = { workMs: 36, bootSeconds: 15 }

/** Plain emulation runs a boot in about three times the time of KVM. */
const emulation = 3

/** However busy a computer is, a dead machine is told at some time. */
const highest = 15

/** How much longer a machine waits for a processor than on a quiet computer. */
export function crowdingOf({ load, processors, cpus, stretch }: PaceFacts): number {
  return Math.min(Math.max(1, (load + cpus) / processors, stretch), 10)
}

/** The factor for all limits; `wanted` overrules what was measured. */
export function paceFrom(facts: PaceFacts, wanted?: number): Pace {
  if (wanted !== undefined) return { factor: wanted, because: 'the setting local.pace says so' }
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

/** How long everything may take whose speed is that of a machine. */
export interface Limits {
  /** A machine, from its start to its first right answer; Packer's way into it; its shutdown. */
  readonly bootSeconds: number
  /** An instance, from its launch until it is ready. */
  readonly instanceSeconds: number
  /** A connection by SSH, of ssh as of Ansible. */
  readonly connectSeconds: number
  /** Inside a machine that has booted: until its service answers. */
  readonly serviceSeconds: number
  /** Inside a machine that has booted: until chrony follows a clock, by three samples eight seconds apart. */
  readonly clockSeconds: number
  /** The test of an image over SSH, which waits for its service first, and for its clock. */
  readonly scriptSeconds: number
  /** One short command over SSH, a look at the state of a machine among them. */
  readonly commandSeconds: number
  /** One repair over SSH: Docker starts its containers again, say, or chrony looks for a clock, which takes two minutes at most. */
  readonly repairSeconds: number
  /** After a repair: until the service, or SSH, is back. */
  readonly recoverySeconds: number
  readonly logsSeconds: number
  /** The end of one instance. */
  readonly removalSeconds: number
  /** The clean-up of a bake that was stopped. */
  readonly cleanUpSeconds: number
  /** A whole probe: version and clock. */
  readonly probeMs: number
  /** The load balancer's health check, its connections, and the wait of a request for a free one. */
  readonly healthCheckMs: number
  readonly balancerConnectMs: number
  readonly balancerQueueMs: number
  /** How long a watched canary may lose its readiness. */
  readonly canaryGraceSeconds: number
}

/** Instances of a cloud: on processors of their own, but small ones, and far away. */
export const cloudFactor = 2

/** The limits at a factor; at 1 those of a quiet computer with KVM. */
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
