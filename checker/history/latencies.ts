const firstUs = 10
const growth = 1.1
const lastBucket = 255

/**
 * Durations counted in buckets that grow by 10 % each, so that they can be merged over any time: percentiles are right within 5
 * %; minimum, maximum and sum are exact. (Masson et al., DDSketch, VLDB 2019.)
 */
export class Latencies {
  count = 0
  sumUs = 0
  minUs = Number.POSITIVE_INFINITY
  maxUs = 0
  readonly #buckets = new Map<number, number>()

  add(us: number): void {
    this.sumUs += us
    this.#widen(us, us)
    this.#count(bucketOf(us), 1)
  }

  merge(other: Latencies): void {
    this.sumUs += other.sumUs
    this.#widen(other.minUs, other.maxUs)
    for (const [bucket, count] of other.#buckets) this.#count(bucket, count)
  }

  /** The duration that this share does not exceed, in microseconds; undefined when there are none. */
  percentile(share: number): number | undefined {
    const rank = Math.max(1, Math.ceil(share * this.count))
    let passed = 0
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      passed += count
      if (passed >= rank) return Math.min(this.maxUs, Math.max(this.minUs, firstUs * growth ** (bucket - 0.5)))
    }
    return undefined
  }

  /** The counts as bytes: each bucket, then its count in groups of seven bits, lowest first. */
  bytes(): Uint8Array {
    const bytes: number[] = []
    for (const [bucket, count] of this.#buckets) {
      bytes.push(bucket)
      let rest = count
      for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128))
      bytes.push(rest)
    }
    return Uint8Array.from(bytes)
  }

  /** Adds the output of `bytes`, and the numbers stored with it. */
  addBytes(bytes: Uint8Array, { minUs, maxUs, sumUs }: Pick<Latencies, 'minUs' | 'maxUs' | 'sumUs'>): void {
    this.sumUs += sumUs
    this.#widen(minUs, maxUs)
    for (let at = 0; at < bytes.length; at += 1) {
      const bucket = bytes[at] ?? 0
      let [count, weight, byte] = [0, 1, 128]
      while (byte >= 128 && at + 1 < bytes.length) {
        at += 1
        byte = bytes[at] ?? 0
        count += (byte % 128) * weight
        weight *= 128
      }
      this.#count(bucket, count)
    }
  }

  #widen(minUs: number, maxUs: number): void {
    this.minUs = Math.min(this.minUs, minUs)
    this.maxUs = Math.max(this.maxUs, maxUs)
  }

  #count(bucket: number, count: number): void {
    this.count += count
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count)
  }
}

function bucketOf(us: number): number {
  return us <= firstUs ? 0 : Math.min(lastBucket, Math.ceil(Math.log(us / firstUs) / Math.log(growth)))
}
