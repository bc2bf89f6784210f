import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import type { PaceFacts } from '../lib/pace.ts'

/** Measures this computer with tens of milliseconds of work. */
export function measureComputer(): Pick<PaceFacts, 'workMs' | 'stretch' | 'load' | 'processors'> {
  // Warm-up for the compiler.
  work()
  const running = [processesRunning()]
  const [before, startedMs] = [process.cpuUsage(), performance.now()]
  for (let run = 0; run < 2; run += 1) {
    work()
    running.push(processesRunning())
  }
  const { user, system } = process.cpuUsage(before)
  const workMs = Math.max(1, (user + system) / 1000)
  const processors = availableParallelism()
  // The one-minute average lags; the current count fluctuates.
  const now = running.reduce((all, one) => all + one, 0) / running.length
  const load = Math.max(loadavg()[0] ?? 0, now)
  return { workMs, stretch: (performance.now() - startedMs) / workMs, load, processors }
}

/** Integer work in a loop, like an emulator's. */
function work(): number {
  let value = 1
  for (let index = 0; index < 8_000_000; index += 1) {
    value = (Math.imul(value, 1_103_515_245) + 12_345) | 0
    value ^= value >>> 7
  }
  return value
}

/** Other processes that are running or waiting for a processor (proc_loadavg(5)). */
function processesRunning(): number {
  return Math.max(0, Number(readFileSync('/proc/loadavg', 'utf8').match(/ (\d+)\//)?.[1] ?? 1) - 1)
}

/** A time limit for a local program, extended by the load per processor, at most tenfold. */
export function patientMs(ms: number): number {
  return Math.round(ms * Math.min(Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()), 10))
}
