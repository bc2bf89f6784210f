import { OperatorError } from '../lib/errors.ts'
import type { Content, Delivery } from '../lib/release/task.ts'
import { type Machine, stateAt } from './simulated-machine.ts'
import type { World } from './simulated-world.ts'

/** How a simulated delivery of a release goes wrong. */
export interface DeliveryFaults {
  /** Why the nth delivery fails, from 1; a half of it is done by then. */
  readonly refuse?: (nth: number, id: string) => string | undefined
  /** Why giving back fails. */
  readonly refuseBack?: (nth: number, id: string) => string | undefined
  /** The service does not come up with the release. */
  readonly isBroken?: (id: string) => boolean
  readonly seconds?: number
  /** Called halfway through each. */
  readonly halfway?: (id: string) => void
}

/** Brings a release to simulated machines. What a machine holds outlives the client, as on a real one. */
export function simulatedDelivery(world: World, { release, content }: Content, faults: DeliveryFaults = {}): Delivery {
  const { seconds = 20, refuse, refuseBack, isBroken = () => false, halfway } = faults
  let [deliveries, returns] = [0, 0]
  const change = async (id: string, refusal: () => string | undefined, end: (machine: Machine) => void) => {
    world.machine(id).parts.container = 'missing'
    await world.clock.sleep((seconds * 1000) / 2)
    halfway?.(id)
    const because = refusal()
    if (because !== undefined) throw new OperatorError('failed', because)
    await world.clock.sleep((seconds * 1000) / 2)
    const machine = world.find(id)
    if (!machine || stateAt(machine, world.clock.now()) !== 'running') {
      throw new OperatorError('failed', `not reachable over SSH: ${id}`)
    }
    world.revision += 1
    machine.parts.container = 'running'
    end(machine)
  }
  const keep = (id: string, from: string) => {
    const machine = world.find(id)
    if (machine && machine.kept?.content !== from) machine.kept = { content: from, inPlace: machine.inPlace }
  }
  return {
    async prepare({ id }, from) {
      keep(id, from)
      await world.clock.sleep((seconds * 1000) / 4)
    },
    async deliver({ id }, from) {
      deliveries += 1
      const nth = deliveries
      keep(id, from)
      await change(
        id,
        () => refuse?.(nth, id),
        (done) => {
          done.inPlace = { release, content }
          if (isBroken(id)) done.parts.container = 'exited'
        },
      )
    },
    async putBack({ id }, from) {
      returns += 1
      const nth = returns
      const { kept } = world.machine(id)
      if (kept?.content !== from) return
      await change(
        id,
        () => refuseBack?.(nth, id),
        (done) => Object.assign(done, { inPlace: kept.inPlace, kept: undefined }),
      )
    },
  }
}
