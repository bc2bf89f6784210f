/** Repeatable random numbers in [0, 1) (mulberry32, https://github.com/cprosche/mulberry32, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A separate sequence for each purpose, so that drawing for one does not change another. */
export function randomFor(seed: number, purpose: string): () => number {
  let hash = seed >>> 0
  for (const letter of purpose) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return seededRandom(hash)
}

/** Boot times, drawn evenly between two bounds. */
export function drawnSeconds(fromSeconds: number, toSeconds: number, seed: number): () => number {
  const random = seededRandom(seed)
  return () => fromSeconds + random() * (toSeconds - fromSeconds)
}

/**
 * Lognormally distributed times by the Box-Muller method (https://en.wikipedia.org/wiki/Box%E2%80%93Muller_transform),
 * in whole milliseconds.
 */
export function lognormalSeconds(median: number, sigma: number, random: () => number): () => number {
  return () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    const normal = radius * Math.cos(2 * Math.PI * random())
    return Math.round(median * Math.exp(sigma * normal) * 1000) / 1000
  }
}

export function pick<T>(items: readonly T[], random: () => number): T | undefined {
  return items[Math.floor(random() * items.length)]
}
