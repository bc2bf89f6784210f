import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { MachineSettings } from '../tasks/platforms/local/instances.ts'
import { chooseAccelerator } from '../tasks/tools/qemu.ts'

export const repository = join(import.meta.dirname, '..')

/** The machines that the benchmarks of the local platform run. */
export const machine: MachineSettings = {
  accelerator: chooseAccelerator('auto').accelerator,
  cpus: 2,
  memoryMib: 768,
  network: 'closed',
}

export const port = 18_180

/** Measurements in order, each with our limit for it. */
export interface Measurements {
  /** Also prints it to stderr. */
  record(name: string, measured: number, limit?: number, unit?: string): void
  /** Writes `results/NAME.md` and `NAME.json`; returns the path of the first. */
  write(name: string): string
}

export function measurements(): Measurements {
  const results: Record<string, { measured: number; limit: number | null; unit: string }> = {}
  return {
    record(name, measured, limit, unit = 's') {
      results[name] = { measured: Math.round(measured * 1000) / 1000, limit: limit ?? null, unit }
      process.stderr.write(`${name}: ${measured.toFixed(2)} ${unit}${limit === undefined ? '' : ` (limit ${limit})`}\n`)
    },
    write(name) {
      const rows = Object.entries(results).map(([what, { measured, limit, unit }]) => {
        return `| ${what} | ${measured} ${unit} | ${limit === null ? '-' : `${limit} ${unit}`} |`
      })
      const table = [headline(), '', '| what | measured | limit |', '| --- | --- | --- |', ...rows, ''].join('\n')
      const file = join(import.meta.dirname, 'results', name)
      writeFileSync(`${file}.json`, `${JSON.stringify(results, null, 2)}\n`)
      writeFileSync(`${file}.md`, table)
      return table
    },
  }
}

function headline(): string {
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`
  const computer = `${cpus()[0]?.model}, ${cpus().length} processors, ${memory}, accelerator ${machine.accelerator}`
  return `Measured on ${new Date().toISOString().slice(0, 10)}: ${computer}, Node ${process.version}.`
}

export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return (performance.now() - startedAt) / 1000
}

/** Runs a verb on the home, as its npm script does; throws when it fails. */
export async function callVerb(home: string, words: readonly string[]) {
  const env = { BAKEROLL_HOME: home, BAKEROLL_LOCAL_PORT: String(port) }
  const { stdout } = await execa('sh', ['tasks/run.sh', ...words, '--json'], { cwd: repository, env, stdin: 'ignore' })
  return JSON.parse(stdout)
}
