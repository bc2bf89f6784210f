import { OperatorError } from '../lib/errors.ts'
import type { HealTask } from '../lib/heal/task.ts'
import type { Parts } from './simulated-machine.ts'
import type { World } from './simulated-world.ts'

/**
 * What `heal` uses to inspect and repair instances. A part in an instance's `stuck` recovers only after a larger
 * repair: a container after Docker's restart, all parts after a reboot unless `reboot` is stuck too.
 */
export function simulatedHands(world: World, stuck: Record<string, readonly string[]> = {}) {
  const done: string[] = []
  const inspect: HealTask['inspect'] = async ({ id }) => {
    const { ssh, ...parts } = world.machine(id).parts
    return ssh === 'unreachable' ? { ssh } : { ssh, ...parts }
  }
  const repair: HealTask['repair'] = async ({ id }, name) => {
    const { parts } = world.machine(id)
    if (parts.ssh === 'unreachable') throw new OperatorError('failed', `no SSH to ${id}`)
    done.push(`${name} ${id}`)
    const isStuck = (part: string) => stuck[id]?.includes(part) ?? false
    if (isStuck(name)) return
    if (name === 'reboot') world.machine(id).readyMs = world.clock.now() + 20_000
    Object.assign(parts, mendedBy[name])
  }
  return { inspect, repair, done }
}

const mendedBy: Record<string, Partial<Parts>> = {
  nginx: { nginx: 'active' },
  container: { container: 'running' },
  docker: { docker: 'active', container: 'running' },
  time: { time: 'active' },
  reboot: { nginx: 'active', docker: 'active', container: 'running', time: 'active' },
}
