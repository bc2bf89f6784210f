import { existsSync, readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { freemem } from 'node:os'
import { dirname } from 'node:path'
import { OperatorError } from '../../lib/errors.ts'
import { freePortFrom, listenProblem } from '../../tools/ports.ts'
import type { Home } from '../home.ts'

/** What a machine of plain size writes to its thin disk before it serves, generously. */
const diskMibPerInstance = 512

/** Free space that a base layer and a release need while they are made. */
export const bakeDiskMib = 5000

/** Memory of the machine that a bake works on: Docker unpacks layers there, which takes more than serving from them. */
export function bakeMemoryMib({ memoryMib }: { memoryMib: number }): number {
  return Math.max(1024, memoryMib)
}

/** The instances that a demo, or a roll of two, has at the most. */
export const demoInstances = 3

/** Throws a refusal when the computer has too little memory or disk for `count` more machines. */
export async function checkRoomForInstances(home: Home, count: number, machine: { memoryMib: number }): Promise<void> {
  checkMemory(count * machine.memoryMib, `${count} more ${count === 1 ? 'instance' : 'instances'}`)
  await checkDisk(home, count * diskMibPerInstance)
}

/** Throws a refusal when a load balancer could not listen on the port; the hint calls the same verb with a port that works. */
export async function checkPort(port: number, verb: string): Promise<void> {
  const host = '127.0.0.1'
  const problem = await listenProblem(host, port)
  if (problem === undefined) return
  const words: Readonly<Record<string, string>> = {
    EADDRINUSE: 'is taken by another program',
    EACCES: 'may be listened on by root alone, like every port below 1024',
  }
  const other = await freePortFrom(host, problem === 'EACCES' ? 8080 : port + 1)
  const hint =
    other === undefined ? 'set BAKEROLL_LOCAL_PORT to a free port' : `BAKEROLL_LOCAL_PORT=${other} npm run ${verb}`
  throw new OperatorError('refused', `${host}:${port} ${words[problem] ?? `cannot be listened on: ${problem}`}`, {
    hint,
  })
}

/** Throws a refusal when less than `neededMib` of memory is free for `what`. */
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

/** Throws a refusal when less than `neededMib` is free on the disk of the home. */
export async function checkDisk(home: Home, neededMib: number): Promise<void> {
  let folder = home.folder
  while (!existsSync(folder)) folder = dirname(folder)
  const { bavail, bsize } = await statfs(folder)
  const freeMib = (bavail * bsize) / 1024 ** 2
  if (freeMib >= neededMib) return
  throw new OperatorError(
    'refused',
    `${folder} has ${Math.floor(freeMib)} MiB of free disk space; ${neededMib} MiB are needed`,
    { hint: 'npm run images -- --retire removes old images; BAKEROLL_HOME moves everything to another disk' },
  )
}

/** MemAvailable of /proc/meminfo (proc_meminfo(5)): what can be had without swapping, caches included. */
function availableMemoryMib(): number {
  const kib = readFileSync('/proc/meminfo', 'utf8').match(/^MemAvailable:\s+(\d+) kB/m)?.[1]
  return kib === undefined ? freemem() / 1024 ** 2 : Number(kib) / 1024
}

/** Throws a refusal where the processor is not the one that local machines have. */
export function checkArchitecture(arch: string = process.arch): void {
  if (arch === 'x64') return
  throw new OperatorError('refused', `local machines need an x86-64 computer, this one is ${arch}`, {
    hint: '--platform aws and check run here, too; neither has been tried on it',
  })
}
