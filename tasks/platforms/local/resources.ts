import { readFileSync } from 'node:fs'
import { freemem } from 'node:os'
import { OperatorError } from '../../lib/errors.ts'
import { freePortFrom, listenProblem } from '../../tools/ports.ts'
import { checkDisk } from '../disk-space.ts'
import type { Home } from '../home.ts'

/** Generous bound on what a machine writes to its thin disk before it serves. */
const diskMibPerInstance = 512

/** Free space needed while a base layer and a release are made. */
export const bakeDiskMib = 5000

/** Memory of the bake machine: Docker unpacks layers there, which takes more than serving. */
export function bakeMemoryMib({ memoryMib }: { memoryMib: number }): number {
  return Math.max(1024, memoryMib)
}

/** Maximum number of instances in a demo, or in a roll of two. */
export const demoInstances = 3

/** Throws `refused` when there is too little memory or disk for `count` more machines. */
export async function checkRoomForInstances(home: Home, count: number, machine: { memoryMib: number }): Promise<void> {
  checkMemory(count * machine.memoryMib, `${count} more ${count === 1 ? 'instance' : 'instances'}`)
  await checkDisk(home, count * diskMibPerInstance)
}

/** Throws `refused` when the load balancer could not listen on the port; the hint repeats the verb with a free one. */
export async function checkPort(port: number, verb: string): Promise<void> {
  const host = '127.0.0.1'
  const problem = await listenProblem(host, port)
  if (problem === undefined) return
  const words: Readonly<Record<string, string>> = {
    EADDRINUSE: 'is used by another program',
    EACCES: 'is open to root only, like every port below 1024',
  }
  const other = await freePortFrom(host, problem === 'EACCES' ? 8080 : port + 1)
  const hint =
    other === undefined ? 'set BAKEROLL_LOCAL_PORT to a free port' : `BAKEROLL_LOCAL_PORT=${other} npm run ${verb}`
  throw new OperatorError('refused', `${host}:${port} ${words[problem] ?? `cannot be listened on: ${problem}`}`, {
    hint,
  })
}

/** Throws `refused` when less than `neededMib` of memory is free for `what`. */
export function checkMemory(neededMib: number, what: string, freeMib = availableMemoryMib()): void {
  if (freeMib >= neededMib) return
  throw new OperatorError(
    'refused',
    `not enough memory for ${what}: ${neededMib} MiB needed, ${Math.floor(freeMib)} MiB free`,
    {
      hint: 'close other programs, or lower BAKEROLL_LOCAL_MEMORY_MIB',
    },
  )
}

/** MemAvailable of /proc/meminfo (proc_meminfo(5)): available without swapping, caches included. */
function availableMemoryMib(): number {
  const kib = readFileSync('/proc/meminfo', 'utf8').match(/^MemAvailable:\s+(\d+) kB/m)?.[1]
  return kib === undefined ? freemem() / 1024 ** 2 : Number(kib) / 1024
}

/** Throws `refused` when this computer's processor is not that of local machines. */
export function checkArchitecture(arch: string = process.arch): void {
  if (arch === 'x64') return
  throw new OperatorError('refused', `local machines need an x86-64 computer, this one is ${arch}`, {
    hint: '--platform aws and check should work here, but are untested',
  })
}
