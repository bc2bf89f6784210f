import type { Machine, Zone } from './simulated-machine.ts'

/** The machines of a group in the order of their launch, each found by its id at once. */
export interface MachineList {
  all(): Machine[]
  find(id: string): Machine | undefined
  add(machine: Machine): void
  remove(id: string): Machine | undefined
  replaceAll(machines: readonly Machine[]): void
  /** The zone that has the fewest of them, of several the first. */
  emptiestZone(): Zone
}

/** A list without machines. */
export function machineList(zones: readonly Zone[]): MachineList {
  const byId = new Map<string, Machine>()
  const perZone = new Map(zones.map((zone) => [zone, 0]))
  let list: Machine[] | undefined
  const count = (machine: Machine, by: number) => {
    perZone.set(machine.zone, (perZone.get(machine.zone) ?? 0) + by)
    list = undefined
  }
  const add = (machine: Machine) => {
    byId.set(machine.id, machine)
    count(machine, 1)
  }
  const remove = (id: string) => {
    const machine = byId.get(id)
    if (machine && byId.delete(id)) count(machine, -1)
    return machine
  }
  return {
    all() {
      list ??= [...byId.values()]
      return list
    },
    find: (id) => byId.get(id),
    add,
    remove,
    replaceAll(machines) {
      for (const id of [...byId.keys()]) remove(id)
      for (const machine of machines) add(machine)
    },
    emptiestZone: () => zones.reduce((a, b) => ((perZone.get(b) ?? 0) < (perZone.get(a) ?? 0) ? b : a)),
  }
}
