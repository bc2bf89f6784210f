import { execa } from 'execa'

export interface Cost {
  readonly wallSeconds: number
  readonly cpuSeconds: number
  /** Peak memory in mebibytes. */
  readonly memoryMib: number
  readonly stdout: string
}

// Measured in Python, because Node cannot read a child's peak memory.
const meter = `
import json, resource, subprocess, sys, time
begin = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
wall = time.monotonic() - begin
used = resource.getrusage(resource.RUSAGE_CHILDREN)
out = done.stdout.decode()
print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out]))
`

/** Runs a command and measures it. Its exit code does not matter. */
export async function measure(command: string, words: readonly string[]): Promise<Cost> {
  const { stdout } = await execa('python3', ['-c', meter, command, ...words], { maxBuffer: 1e9 })
  const [wallSeconds, cpuSeconds, memoryMib, output] = JSON.parse(stdout)
  return { wallSeconds, cpuSeconds, memoryMib, stdout: output }
}

export function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN
}
