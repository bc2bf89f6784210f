import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { shellWord } from '../../checker/shell-word.ts'
import { OperatorError } from '../lib/errors.ts'
import { processRuns, stopProcess } from './process.ts'
import type { Ended } from './run-to-end.ts'

export type Accelerator = 'kvm' | 'tcg'

export interface AcceleratorChoice {
  readonly accelerator: Accelerator
  readonly because: string
}

/**
 * KVM only when the processor has vmx or svm *and* /dev/kvm opens for writing: the device may exist and still run no
 * guest. A `wanted` other than `auto` overrides this.
 */
export function chooseAccelerator(wanted: 'auto' | Accelerator, computer = thisComputer()): AcceleratorChoice {
  if (wanted !== 'auto') return { accelerator: wanted, because: 'set by local.accelerator' }
  if (!computer.virtualisation) {
    return { accelerator: 'tcg', because: 'the processor has neither vmx nor svm: plain emulation' }
  }
  if (!computer.kvmWritable) {
    return { accelerator: 'tcg', because: '/dev/kvm cannot be opened for writing: plain emulation' }
  }
  return { accelerator: 'kvm', because: 'the processor has virtualisation and /dev/kvm can be opened' }
}

export interface Computer {
  readonly virtualisation: boolean
  readonly kvmWritable: boolean
}

function thisComputer(): Computer {
  return {
    virtualisation:
      existsSync('/proc/cpuinfo') && /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8')),
    kvmWritable: isWritable('/dev/kvm'),
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Outgoing access of a machine. `closed`: none, only the forwards lead in. `open`: to other computers, and to this
 * one's loopback, which QEMU's user network exposes as 10.0.2.2.
 */
export type Network = 'closed' | 'open'

export interface Machine {
  readonly name: string
  readonly accelerator: Accelerator
  readonly cpus: number
  readonly memoryMib: number
  readonly disk: string
  readonly kernel: string
  readonly initrd: string
  readonly consoleFile: string
  readonly pidFile: string
  readonly metadataFile: string
  readonly network: Network
  /** Local addresses forwarded to ports of the machine. */
  readonly forwards: readonly { host: string; port: number; to: number }[]
}

/**
 * Kernel arguments in place of a boot loader's. The root disk is the first virtio disk; a kernel that panics reboots.
 * An x86 kernel tests its timer at boot. Under plain emulation on a busy computer that test fails in one boot of
 * fifteen, and some of those never finish; under KVM Linux skips it by itself (`no_timer_check`,
 * https://docs.kernel.org/admin-guide/kernel-parameters.html).
 */
export const kernelArguments = 'root=/dev/vda rw console=ttyS0 panic=10 no_timer_check'

/**
 * System calls denied to QEMU: obsolete ones, and those that change priorities or processors. It must still start the
 * metadata service and detach from the terminal (`elevateprivileges` would forbid that setsid).
 */
export const sandbox = 'on,obsolete=deny,resourcecontrol=deny'

/** Local machines are always x86-64. */
export const qemuProgram = 'qemu-system-x86_64'

export function machineArguments(machine: Machine): string[] {
  const forwards = machine.forwards.map(({ host, port, to }) => `hostfwd=tcp:${host}:${port}-:${to}`)
  return [
    ...['-name', machine.name],
    ...['-machine', 'q35'],
    ...acceleratorArguments(machine.accelerator),
    ...['-smp', String(machine.cpus), '-m', String(machine.memoryMib)],
    // Otherwise QEMU opens a display and, behind it, its monitor, which can run commands on this computer.
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-vnc', 'none', '-monitor', 'none'],
    ...['-sandbox', sandbox],
    ...['-kernel', machine.kernel, '-initrd', machine.initrd, '-append', kernelArguments],
    ...['-drive', `file=${quoted(machine.disk)},if=virtio,format=qcow2,cache=writeback,discard=unmap`],
    ...['-netdev', ['user,id=public', ...isolation(machine.network), ...forwards].join(',')],
    ...['-device', 'virtio-net-pci,netdev=public'],
    ...['-netdev', metadataNetwork(machine.metadataFile)],
    ...['-device', 'virtio-net-pci,netdev=imds'],
    ...['-device', 'virtio-rng-pci'],
    ...['-rtc', 'base=utc,clock=host'],
    ...['-serial', `file:${machine.consoleFile}`],
    ...['-daemonize', '-pidfile', machine.pidFile],
  ]
}

function acceleratorArguments(accelerator: Accelerator): string[] {
  // Without a limit, plain emulation caches up to 1 GiB of translated code per machine.
  if (accelerator === 'tcg') return ['-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'max']
  return ['-accel', accelerator, '-cpu', 'host']
}

/** Options of a user network: `restrict` allows only explicit forwards. */
function isolation(network: Network): string[] {
  return network === 'open' ? [] : ['restrict=on', 'ipv6=off']
}

/**
 * A network with nothing but the metadata service at its link-local address. QEMU starts the service once per
 * connection, a few at a time; the guest reaches nothing else through it. `plain` maps a path to the alias that QEMU
 * gets.
 */
export function metadataNetwork(metadataFile: string, plain = (path: string) => path): string {
  const [slots, service] = ['metadata-slots.sh', `metadata-service${extname(import.meta.filename)}`].map((name) =>
    join(import.meta.dirname, name),
  )
  const program = ['sh', slots, metadataFile, process.execPath, service, metadataFile]
  // QEMU splits it like a shell (g_shell_parse_argv).
  const command = program.map((word) => shellWord(plain(String(word)))).join(' ')
  const words = ['net=169.254.169.0/24', ...isolation('closed')]
  return `user,id=imds,${words.join(',')},guestfwd=tcp:169.254.169.254:80-cmd:${quoted(command)}`
}

/** QEMU's option syntax doubles a comma inside a value. */
function quoted(value: string): string {
  return value.replaceAll(',', ',,')
}

/** A start takes a tenth of a second; a slower one is repeated, on a busy computer several times. */
const quickStartMs = 250
const startsAtMost = 6

/**
 * Starts the machine, which outlives this process. QEMU's hardware clock drops the fraction of the second in which it
 * starts, so the start is timed to a full second, and repeated when it was slow: the clock would be behind by that
 * much. Throws when QEMU refuses.
 */
export async function startMachine(machine: Machine): Promise<void> {
  for (let start = 1; ; start += 1) {
    const secondMs = Math.ceil((Date.now() + 1) / 1000) * 1000
    await sleep(secondMs - Date.now())
    await execa(qemuProgram, machineArguments(machine), { stdin: 'ignore' }).catch((cause: unknown) => {
      throw startFailure(machine, cause)
    })
    if (Date.now() - secondMs <= quickStartMs || start === startsAtMost) return
    await stopProcess(machine.pidFile)
  }
}

function startFailure({ name }: Machine, cause: unknown): OperatorError {
  const said = ((cause as { stderr?: string }).stderr || String(cause)).trim()
  return new OperatorError('failed', `QEMU does not start ${name}: ${said}`, { hint: 'npm run doctor', cause })
}

/** Whether the process in the pid file is a QEMU with this pid file. */
export function machineRuns(pidFile: string): boolean {
  return processRuns(pidFile, pidFile)
}

/** The qemu-img command for a thin disk over `backing` (a path relative to the disk). */
export function thinDisk(disk: string, backing: string): string[] {
  return ['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', backing, disk]
}

/** The command that merges a disk and its backing files into one file. */
export function flattening(from: string, to: string, format: 'raw' | 'qcow2'): string[] {
  return ['qemu-img', 'convert', '-f', format, '-O', 'qcow2', from, to]
}

/** The command that changes a disk's path to its backing file (relative to the disk's final place). */
export function renamedBacking(disk: string, backing: string): string[] {
  return ['qemu-img', 'rebase', '-u', '-F', 'qcow2', '-b', backing, disk]
}

/** Throws `failed` with qemu-img's message when it failed. */
export function assertDisk({ failed, said, cause }: Ended): void {
  if (failed) throw new OperatorError('failed', `disk: ${said.trim()}`, { hint: 'npm run doctor', cause })
}
