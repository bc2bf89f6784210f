import type { Machine, Zone } from './simulated-machine.ts'

/** Machines in the order of their launch, with a constant-time look-up by id. */
export interface MachineList {
  all(): Machine[]
  find(id: string): Machine | undefined
  add(machine: Machine): void
  remove(id: string): Machine | undefined
  replaceAll(machines: readonly Machine[]): void
  /** The zone with the fewest machines; the first of several. */
  emptiestZone(): Zone
}

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
