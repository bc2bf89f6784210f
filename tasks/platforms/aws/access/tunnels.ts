import { OperatorError } from '../../../lib/errors.ts'
import type { Tunnel } from './tunnel.ts'

/**
 * Shared tunnels to instances, kept few: an Instance Connect endpoint carries 20 connections at once
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/eice-quotas.html), and others use it too.
 */
export interface Tunnels<T extends { readonly id: string }> {
  /**
   * Calls `work` with a URL of the instance when a tunnel is free. The tunnel stays open until another instance needs
   * its place.
   */
  through<R>(instance: T, work: (url: string) => Promise<R>): Promise<R>
  /** A URL of the instance, valid until `close`; throws a usage error beyond the limit. */
  hold(instance: T): Promise<string>
  /** Closes the tunnel to an instance as soon as it is idle. */
  end(id: string): Promise<void>
  close(): Promise<void>
}

interface Place {
  readonly tunnel: Promise<Tunnel>
  opened?: Tunnel
  users: number
  usedAt: number
  isUnwanted: boolean
}

/** Opens tunnels on demand, at most `limit` for `through` and as many again for `hold`. */
export function openTunnels<T extends { readonly id: string }>(
  open: (instance: T) => Promise<Tunnel>,
  limit = 8,
): Tunnels<T> {
  const places = new Map<string, Place>()
  const held = new Map<string, Promise<Tunnel>>()
  let waiting: (() => void)[] = []
  let uses = 0
  let isClosed = false

  const wake = () => {
    const woken = waiting
    waiting = []
    for (const go of woken) go()
  }
  const change = () => new Promise<void>((resolve) => waiting.push(resolve))
  const remove = async (id: string) => {
    const place = places.get(id)
    places.delete(id)
    wake()
    await place?.opened?.close()
  }
  /** Closes the tunnel that has been idle longest. */
  const makeRoom = () => {
    const idle = [...places].filter(([, { users }]) => users === 0).sort(([, a], [, b]) => a.usedAt - b.usedAt)[0]
    return idle ? remove(idle[0]) : change()
  }
  const enter = async (instance: T): Promise<Place> => {
    for (;;) {
      if (isClosed) throw new OperatorError('interrupted', 'access to the instances is closed')
      const found = places.get(instance.id)
      const isUsable = found && (found.opened?.isOpen() ?? true)
      if (!found && places.size < limit) return begin(instance)
      if (isUsable) {
        found.users += 1
        return found
      }
      if (!found) await makeRoom()
      else if (found.users === 0) await remove(instance.id)
      else await change()
    }
  }
  const begin = (instance: T): Place => {
    const place: Place = { tunnel: open(instance), users: 1, usedAt: 0, isUnwanted: false }
    places.set(instance.id, place)
    place.tunnel.then(
      (tunnel) => {
        place.opened = tunnel
      },
      () => undefined,
    )
    return place
  }
  const leave = async (id: string, place: Place) => {
    place.users -= 1
    place.usedAt = ++uses
    if (place.users > 0 || places.get(id) !== place) return
    if (place.isUnwanted || !place.opened?.isOpen()) await remove(id)
    else wake()
  }

  return {
    async through(instance, work) {
      const place = await enter(instance)
      try {
        return await work((await place.tunnel).url)
      } finally {
        await leave(instance.id, place)
      }
    },
    async hold(instance) {
      if (!held.has(instance.id) && held.size >= limit) throw tooMany(limit)
      const tunnel = held.get(instance.id) ?? open(instance)
      held.set(instance.id, tunnel)
      tunnel.catch(() => held.delete(instance.id))
      return (await tunnel).url
    },
    async end(id) {
      const place = places.get(id)
      if (place === undefined) return
      place.isUnwanted = true
      if (place.users === 0) await remove(id)
    },
    async close() {
      isClosed = true
      const all = [...held.values(), ...[...places.values()].map(({ tunnel }) => tunnel)]
      held.clear()
      places.clear()
      wake()
      await Promise.all(all.map((tunnel) => tunnel.then((one) => one.close()).catch(() => undefined)))
    },
  }
}

function tooMany(limit: number): OperatorError {
  return new OperatorError('usage', `at most ${limit} instances can be reached through the endpoint at once`, {
    hint: 'npm run check without --instances asks the load balancer; npm run status shows its verdict on each',
  })
}
