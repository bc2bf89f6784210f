import type { InstanceEvent, RollEvent } from '../lib/roll/events.ts'
import { plainPolicy } from '../lib/roll/policy.ts'

export interface RollFixture {
  readonly size: number
  readonly surge: number
  /** Requests a second, and how many fail in which second of the roll. */
  readonly load?: { readonly perSecond: number; readonly failing?: Readonly<Record<number, number>> }
  /** The run is killed in this second; another one carries on after `pauseMs`. */
  readonly killedAtSecond?: number
  /** The new release answers no probe: the roll is rolled back. */
  readonly broken?: boolean
}

interface Machine {
  readonly id: string
  readonly isNew: boolean
  /** In seconds of the roll, like the other times. */
  readonly launchedAt: number
  readonly bootSeconds: number
  drainedAt?: number
  /** The last event about it. */
  told?: string
}

type Told = RollEvent extends infer E ? (E extends RollEvent ? Omit<E, 'at'> : never) : never
type Look = Pick<InstanceEvent, 'state' | 'health' | 'ready' | 'reason'>

const startMs = Date.UTC(2026, 4, 4, 9, 30)
const pauseMs = 400_000
const [oldImage, newImage] = ['timeapp-1.0.0-8c1d', 'timeapp-1.1.0-52fa']
const [drainSeconds, loadSeconds, timeoutSeconds] = [8, 5, 60]

/** The events of a roll from 1.0.0 to 1.1.0, as read from a file, of an engine that looks once a second. */
export function rollFixture(fixture: RollFixture): RollEvent[] {
  const roll = new MadeUpRoll(fixture)
  roll.begin(false)
  do {
    if (roll.second === fixture.killedAtSecond) roll.carryOn()
    roll.sendRequests()
    roll.look()
    roll.act()
    roll.second += 1
  } while (!roll.isDone())
  roll.end()
  return JSON.parse(JSON.stringify(roll.events))
}

class MadeUpRoll {
  readonly events: RollEvent[] = []
  second = 0
  readonly #fixture: RollFixture
  #machines: Machine[]
  #launched = 0
  #shiftMs = 0
  #hasTurned = false
  #capacity = ''

  constructor(fixture: RollFixture) {
    this.#fixture = fixture
    this.#machines = Array.from({ length: fixture.size }, (_, index) => ({
      id: `i-${(4096 + index * 37).toString(16)}`,
      isNew: false,
      launchedAt: -3600,
      bootSeconds: 0,
    }))
  }

  begin(resumed: boolean) {
    const { size, surge } = this.#fixture
    const policy = { ...plainPolicy, surge }
    this.#tell({
      event: 'began',
      group: 'timeapp',
      imageId: newImage,
      previousImageId: oldImage,
      size,
      resumed,
      policy,
    })
  }

  carryOn() {
    this.#shiftMs = pauseMs
    this.#capacity = ''
    for (const machine of this.#machines) delete machine.told
    this.begin(true)
    this.#tell({ event: 'warning', message: 'took over the lock of operator@host, which is gone' })
  }

  sendRequests() {
    const { load, killedAtSecond } = this.#fixture
    const { second } = this
    if (!load || second === 0 || second % loadSeconds !== 0 || second === killedAtSecond) return
    const since = this.#at(second - loadSeconds)
    this.#tell({ event: 'requests', since, sent: load.perSecond * loadSeconds, failed: load.failing?.[second] ?? 0 })
  }

  look() {
    for (const machine of this.#machines) {
      const look = this.#lookAt(machine)
      const text = JSON.stringify(look)
      if (machine.told !== text) this.#tellMachine(machine, look)
      machine.told = text
    }
    const { size, surge } = this.#fixture
    const healthy = this.#machines.filter((machine) => this.#lookAt(machine).health === 'healthy').length
    const capacity = { healthy, machines: this.#machines.length, size, floor: size, maximum: size + surge }
    if (JSON.stringify(capacity) !== this.#capacity) this.#tell({ event: 'capacity', ...capacity })
    this.#capacity = JSON.stringify(capacity)
  }

  act() {
    for (const machine of this.#machines) if (this.#lookAt(machine).health === 'unused') this.#terminate(machine)
    const late = this.#machines.find(({ isNew, launchedAt }) => isNew && this.second - launchedAt > timeoutSeconds)
    if (this.#fixture.broken && late && !this.#hasTurned) {
      this.#hasTurned = true
      this.#tell({ event: 'step', step: 'roll back', because: `${late.id} not ready after 60 s: GET /now: 502` })
    }
    this.#drain()
    if (!this.#hasTurned) this.#launch()
  }

  isDone(): boolean {
    return this.#machines.every(({ isNew, told }) => isNew !== this.#hasTurned && told?.includes('"ready":true'))
  }

  end() {
    const { size, killedAtSecond = 0 } = this.#fixture
    const seconds = this.second - killedAtSecond
    if (this.#hasTurned) {
      const reason = 'the new release answers GET /now with 502'
      this.#tell({ event: 'ended', outcome: 'rolled-back', imageId: oldImage, replaced: 0, seconds, reason })
    } else {
      this.#tell({ event: 'step', step: 'finish', because: `${size} of ${size} ready` })
      this.#tell({ event: 'ended', outcome: 'rolled', imageId: newImage, replaced: size, seconds })
    }
  }

  #drain() {
    const ready = this.#machines.filter((machine) => machine.isNew && this.#lookAt(machine).ready).length
    const leaving = this.#machines.filter(
      ({ isNew, drainedAt }) => isNew === this.#hasTurned && drainedAt === undefined,
    )
    const spare = this.#hasTurned ? leaving.length : Math.max(0, ready + leaving.length - this.#fixture.size)
    for (const machine of leaving.slice(0, spare)) {
      const because = this.#hasTurned ? `on ${newImage}, which failed` : `on ${oldImage}; ${ready} ready`
      this.#tell({ event: 'step', step: 'drain', instanceId: machine.id, because })
      machine.drainedAt = this.second
    }
  }

  #terminate(machine: Machine) {
    const because = 'it no longer serves requests'
    this.#tell({ event: 'step', step: 'terminate', instanceId: machine.id, because })
    this.#machines = this.#machines.filter((one) => one !== machine)
    this.#tellMachine(machine, { state: 'gone', health: 'unused', ready: false })
  }

  #launch() {
    const { size, surge } = this.#fixture
    const wanted = this.#machines.filter(({ isNew }) => isNew).length
    const count = Math.min(size + surge - this.#machines.length, size - wanted)
    if (count <= 0) return
    this.#tell({ event: 'step', step: 'launch', count, because: `${wanted} of ${size} wanted` })
    for (let index = 0; index < count; index += 1) {
      this.#launched += 1
      const id = `i-${(40_960 + this.#launched * 41).toString(16)}`
      const bootSeconds = 18 + ((this.#launched * 7) % 13)
      this.#machines.push({ id, isNew: true, launchedAt: this.second, bootSeconds })
    }
  }

  #lookAt({ isNew, launchedAt, bootSeconds, drainedAt }: Machine): Look {
    const age = this.second - launchedAt - bootSeconds
    const unready = { state: 'running', ready: false } as const
    if (drainedAt !== undefined) {
      return { ...unready, health: this.second - drainedAt < drainSeconds ? 'draining' : 'unused' }
    }
    if (age < 0) return { state: 'pending', health: 'initial', ready: false, reason: 'its machine is booting' }
    if (isNew && this.#fixture.broken) return { ...unready, health: 'unhealthy', reason: 'GET /now: 502' }
    if (age < 5) return { ...unready, health: 'initial', reason: 'the load balancer says initial' }
    if (isNew && age < 7) return { ...unready, health: 'healthy', reason: 'its probes have only begun' }
    return { state: 'running', health: 'healthy', ready: true }
  }

  #tellMachine({ id, isNew, launchedAt }: Machine, look: Look) {
    const [imageId, release] = isNew ? [newImage, '1.1.0'] : [oldImage, '1.0.0']
    const startedAt = new Date(startMs + launchedAt * 1000).toISOString()
    const zone = ['a', 'b', 'c'][Number.parseInt(id.slice(2), 16) % 3] ?? 'a'
    this.#tell({ event: 'instance', id, imageId, release, zone, startedAt, isNew: isNew !== this.#hasTurned, ...look })
  }

  #at(second: number): string {
    return new Date(startMs + this.#shiftMs + second * 1000).toISOString()
  }

  #tell(event: Told) {
    this.events.push({ at: this.#at(this.second), ...event } as RollEvent)
  }
}
