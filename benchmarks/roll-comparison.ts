import type { PeerResult } from './peers/scaling-group.ts'
import { bakeroll, bouncer, instanceRefresh, lowerBound, type Mode } from './roll-makespan.ts'
import { quantile } from './roll-planning.ts'

/** One mode compared with ours, at the same floor and maximum; seconds, medians of all seeds. */
export interface Comparison {
  readonly mode: string
  readonly size: number
  readonly floor: number
  readonly maximum: number
  readonly makespan: number
  readonly ours: number
  readonly bound: number
  /** The highest ratio of all seeds: our time over the bound, and over the mode's. */
  readonly worst: { readonly overBound: number; readonly overMode: number }
}

const seeds = [1, 2, 3, 4, 5]
const counted = { pace: 'set after set', leavingCounts: true } as const
const oneByOne = { pace: 'one by one', leavingCounts: true } as const
const uncounted = { leavingCounts: false } as const

/** The modes that keep the whole group in service, with at most this many machines above its size. */
export const surgeModes = (surge: number): Mode[] => [
  instanceRefresh(surge, oneByOne),
  instanceRefresh(surge, counted),
  bouncer('batch-canary', 'ideal', surge),
  bouncer('batch-canary', 'own', surge),
  instanceRefresh(surge, counted, 300),
]

/** The modes with another floor or maximum, each with a suitable group size. */
export const otherModes: readonly (readonly [Mode, number])[] = [
  [bouncer('canary', 'ideal'), 1000],
  [bouncer('batch-serial', 'ideal', 50), 1000],
  [bouncer('full', 'ideal'), 1000],
  [bouncer('full --fast', 'ideal'), 1000],
  [uncountedRefresh('set after set'), 1000],
  [uncountedRefresh('one by one'), 1000],
  [bouncer('slow-canary', 'ideal'), 100],
  [bouncer('serial', 'ideal'), 100],
]

function uncountedRefresh(pace: 'set after set' | 'one by one'): Mode {
  const { name, roll } = instanceRefresh(50, { ...uncounted, pace })
  return { name: `${name}, terminating ones not counted`, roll }
}

/** Rolls a group with the mode, and with ours at the mode's lowest capacity and highest machine count, for all seeds. */
export async function compare(mode: Mode, size: number): Promise<Comparison> {
  const runs: { peer: PeerResult; ours: PeerResult; bound: number }[] = []
  for (const seed of seeds) {
    const peer = await mode.roll(size, seed)
    const room = { surge: peer.highestSize - size, maxUnavailable: size - peer.lowestHealthy }
    runs.push({ peer, ours: await ourRoll(size, seed, room), bound: lowerBound(size, seed, room) })
  }
  const median = (of: (run: (typeof runs)[number]) => number) => quantile(runs.map(of), 0.5)
  return {
    mode: mode.name,
    size,
    floor: Math.min(...runs.map(({ peer }) => peer.lowestHealthy)),
    maximum: Math.max(...runs.map(({ peer }) => peer.highestSize)),
    makespan: median(({ peer }) => peer.makespanSeconds),
    ours: median(({ ours }) => ours.makespanSeconds),
    bound: median(({ bound }) => bound),
    worst: {
      overBound: Math.max(...runs.map(({ ours, bound }) => ours.makespanSeconds / bound)),
      overMode: Math.max(...runs.map(({ ours, peer }) => ours.makespanSeconds / peer.makespanSeconds)),
    },
  }
}

/** The time of modes that go one by one, on a group too large to compare with ours; seconds, medians. */
export async function slowMakespans(size: number): Promise<{ mode: string; makespan: number }[]> {
  const modes = (['slow-canary', 'serial', 'full'] as const).map((name) => bouncer(name, 'own'))
  return Promise.all(
    modes.map(async ({ name, roll }) => {
      const runs = await Promise.all(seeds.map((seed) => roll(size, seed)))
      return {
        mode: name,
        makespan: quantile(
          runs.map(({ makespanSeconds }) => makespanSeconds),
          0.5,
        ),
      }
    }),
  )
}

const known = new Map<string, PeerResult>()

async function ourRoll(
  size: number,
  seed: number,
  room: { surge: number; maxUnavailable: number },
): Promise<PeerResult> {
  const key = JSON.stringify([size, seed, room])
  const result = known.get(key) ?? (await bakeroll(room).roll(size, seed))
  known.set(key, result)
  return result
}
