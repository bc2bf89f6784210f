import type { SQLOutputValue } from 'node:sqlite'
import { exitCodes, type Verdict } from '../verdict/report.ts'
import { Latencies } from './latencies.ts'

type Row = Record<string, SQLOutputValue>

const verdicts = Object.keys(exitCodes) as Verdict[]

/** Clock offsets in microseconds: the smallest and largest measured, and the bounds of all. */
export interface Offsets {
  readonly min: number
  readonly max: number
  readonly low: number
  readonly high: number
}

/** A sum of checks; values that were not measured do not count as zero. */
export class Tally {
  readonly counts: Record<Verdict, number> = { ok: 0, warning: 0, critical: 0, unknown: 0 }
  readonly latencies = new Latencies()
  offsets: Offsets | undefined

  addCheck({ verdict, latency, low, high }: Row): void {
    const found = verdicts.find((name) => exitCodes[name] === verdict)
    if (found !== undefined) this.counts[found] += 1
    if (typeof latency === 'number') this.latencies.add(latency)
    if (typeof low === 'number' && typeof high === 'number') {
      const middle = (low + high) / 2
      this.#widen({ min: middle, max: middle, low, high })
    }
  }

  addSpan(row: Row): void {
    for (const verdict of verdicts) this.counts[verdict] += Number(row[verdict])
    if (row['latencies'] instanceof Uint8Array) {
      const [minUs, maxUs, sumUs] = [row['latency_min'], row['latency_max'], row['latency_sum']].map(Number)
      this.latencies.addBytes(row['latencies'], { minUs: minUs ?? 0, maxUs: maxUs ?? 0, sumUs: sumUs ?? 0 })
    }
    const { offset_min, offset_max, low, high } = row
    if (typeof low === 'number' && typeof high === 'number') {
      this.#widen({ min: Number(offset_min), max: Number(offset_max), low, high })
    }
  }

  merge(other: Tally): void {
    for (const verdict of verdicts) this.counts[verdict] += other.counts[verdict]
    if (other.latencies.count > 0) this.latencies.merge(other.latencies)
    if (other.offsets !== undefined) this.#widen(other.offsets)
  }

  /** A row of a table of spans, without its key. */
  values() {
    const { latencies, counts, offsets } = this
    const { ok, warning, critical, unknown } = counts
    const { minUs, maxUs, sumUs } = latencies
    const middles = offsets === undefined ? [null, null] : [Math.round(offsets.min), Math.round(offsets.max)]
    return [
      ...[ok, warning, critical, unknown],
      ...(latencies.count === 0 ? [null, null, null, null] : [minUs, maxUs, sumUs, latencies.bytes()]),
      ...[...middles, offsets?.low ?? null, offsets?.high ?? null],
    ]
  }

  #widen(more: Offsets): void {
    const { min, max, low, high } = this.offsets ?? more
    this.offsets = {
      min: Math.min(min, more.min),
      max: Math.max(max, more.max),
      low: Math.min(low, more.low),
      high: Math.max(high, more.high),
    }
  }
}
