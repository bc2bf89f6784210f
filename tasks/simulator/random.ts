/** Random numbers in [0, 1) that a seed repeats (mulberry32, https://github.com/cprosche/mulberry32, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Boot times of the n-th launch, evenly drawn between two bounds. */
export function drawnSeconds(fromSeconds: number, toSeconds: number, seed: number): () => number {
  const random = seededRandom(seed)
  return () => fromSeconds + random() * (toSeconds - fromSeconds)
}
