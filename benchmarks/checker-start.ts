import { spawn } from 'node:child_process'
import { type Cost, measure, median } from './checker-meter.ts'
import { program } from './checker-servers.ts'

/** Medians of a start, in one run. */
export interface Starts {
  readonly bare: number
  readonly ours: number
  readonly urllib: number
  /** The same in processor time, which a busy computer changes less. */
  readonly oursCpu: number
  readonly urllibCpu: number
  readonly memoryMib: number
}

/** A check from a cold start, a bare Node and one GET by Python's urllib in turn, next to this many busy loops. */
export async function measureStarts(bundle: string, url: string, loops: number): Promise<Starts> {
  // Time-limited, in case nothing stops them.
  const busy = Array.from({ length: loops }, () => spawn('timeout', ['300', 'sh', '-c', 'while :; do :; done']))
  const python = `import urllib.request; urllib.request.urlopen('${url}/now').read()`
  const [bare, ours, urllib]: [Cost[], Cost[], Cost[]] = [[], [], []]
  try {
    for (let round = 0; round < 21; round++) {
      bare.push(await measure(process.execPath, ['-e', '0']))
      ours.push(await measure(process.execPath, [bundle, '--ntp', 'none', url]))
      urllib.push(await measure(program('python3', 'python3'), ['-c', python]))
    }
  } finally {
    for (const loop of busy) loop.kill()
  }
  const of = (costs: readonly Cost[], key: 'wallSeconds' | 'cpuSeconds') => median(costs.map((cost) => cost[key]))
  return {
    bare: of(bare, 'wallSeconds'),
    ours: of(ours, 'wallSeconds'),
    urllib: of(urllib, 'wallSeconds'),
    oursCpu: of(ours, 'cpuSeconds'),
    urllibCpu: of(urllib, 'cpuSeconds'),
    memoryMib: Math.max(...ours.map(({ memoryMib }) => memoryMib)),
  }
}
