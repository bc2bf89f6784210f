import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { shellWord } from '../../checker/shell-word.ts'
import { OperatorError } from '../lib/errors.ts'
import { processRuns, stopProcess } from './process.ts'
import type { Ended } from './run-to-end.ts'

export type Accelerator = 'kvm' | 'tcg'

/** The accelerator to use, and why. */
export interface AcceleratorChoice {
  readonly accelerator: Accelerator
  readonly because: string
}

/**
 * KVM only when the processor shows vmx or svm *and* /dev/kvm opens for writing: a device alone may be there and still
 * run no guest. `wanted` other than `auto` overrules.
 */
export function chooseAccelerator(wanted: 'auto' | Accelerator, computer = thisComputer()): AcceleratorChoice {
  if (wanted !== 'auto') return { accelerator: wanted, because: 'the setting local.accelerator says so' }
  if (!computer.virtualisation) {
    return { accelerator: 'tcg', because: 'the processor shows neither vmx nor svm: plain emulation' }
  }
  if (!computer.kvmWritable) {
    return { accelerator: 'tcg', because: '/dev/kvm cannot be opened for writing: plain emulation' }
  }
  return { accelerator: 'kvm', because: 'the processor has virtualisation and /dev/kvm can be opened' }
}

/** What the choice of an accelerator depends on. */
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
 * How far a machine reaches by itself. `closed`: nowhere, only the forwards lead in. `open`: to other computers, and to the
 * loopback of this one, which QEMU's user network shows it as 10.0.2.2.
 */
export type Network = 'closed' | 'open'

/** Everything that tells one virtual machine from another. */
export interface Machine {
  /** Shown in the process list. */
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
  /** Addresses of this computer that lead to ports of the machine. */
  readonly forwards: readonly { host: string; port: number; to: number }[]
}

/**
 * Arguments for the kernel: what a boot loader would say. The root disk is the first virtio disk; a kernel that panics boots
 * again. An x86 kernel tests at boot whether its timer ticks. Under plain emulation on a busy computer that test fails in one
 * boot of fifteen, and some of these never end; under KVM Linux leaves it out by itself (`no_timer_check`,
 * https://docs.kernel.org/admin-guide/kernel-parameters.html).
 */
export const kernelArguments = 'root=/dev/vda rw console=ttyS0 panic=10 no_timer_check'

/**
 * The system calls that QEMU gives up: old ones, and what changes priorities or processors. It must still start a program, the
 * metadata service, and leave its terminal (`elevateprivileges` would forbid that setsid).
 */
export const sandbox = 'on,obsolete=deny,resourcecontrol=deny'

/** QEMU for x86-64; local machines have no other processor. */
export const qemuProgram = 'qemu-system-x86_64'

/** The arguments of the QEMU process that runs a machine. */
export function machineArguments(machine: Machine): string[] {
  const forwards = machine.forwards.map(({ host, port, to }) => `hostfwd=tcp:${host}:${port}-:${to}`)
  return [
    ...['-name', machine.name],
    ...['-machine', 'q35'],
    ...acceleratorArguments(machine.accelerator),
    ...['-smp', String(machine.cpus), '-m', String(machine.memoryMib)],
    // Otherwise QEMU opens a display, and behind it its monitor, which runs commands on this computer.
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
  // Without a limit, plain emulation keeps up to 1 GiB of translated code for each machine.
  if (accelerator === 'tcg') return ['-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'max']
  return ['-accel', accelerator, '-cpu', 'host']
}

/** Words of a user network: `restrict` leaves nothing but explicit forwards, which it does not touch. */
function isolation(network: Network): string[] {
  return network === 'open' ? [] : ['restrict=on', 'ipv6=off']
}

/**
 * A network that holds nothing but the metadata service at its link-local address. QEMU starts the service once per
 * connection, a few at a time; the guest reaches nothing else through it. `plain` gives a path the name that QEMU is told.
 */
export function metadataNetwork(metadataFile: string, plain = (path: string) => path): string {
  const [slots, service] = ['metadata-slots.sh', `metadata-service${extname(import.meta.filename)}`].map((name) =>
    join(import.meta.dirname, name),
  )
  const program = ['sh', slots, metadataFile, process.execPath, service, metadataFile]
  // QEMU splits it as a shell would (g_shell_parse_argv).
  const command = program.map((word) => shellWord(plain(String(word)))).join(' ')
  const words = ['net=169.254.169.0/24', ...isolation('closed')]
  return `user,id=imds,${words.join(',')},guestfwd=tcp:169.254.169.254:80-cmd:${quoted(command)}`
}

/** In QEMU's option syntax a comma inside a value is written twice. */
function quoted(value: string): string {
  return value.replaceAll(',', ',,')
}

/** A start takes a tenth of a second; one that takes longer than this is tried again, on a busy computer a few times. */
const quickStartMs = 250
const startsAtMost = 6

/**
 * Starts the machine; it outlives this process. QEMU's hardware clock forgets the fraction of the second in which it starts,
 * so it starts with the second, and anew when it was slow: its clock would be behind by as much. Throws when QEMU refuses.
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

/** Whether the machine's process runs: the one in the pid file, and only when that is a QEMU with this very pid file. */
export function machineRuns(pidFile: string): boolean {
  return processRuns(pidFile, pidFile)
}

/** The call of qemu-img for the disk of a new machine, thin over `backing` (a path as seen from the disk). */
export function thinDisk(disk: string, backing: string): string[] {
  return ['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', backing, disk]
}

/** The one that copies a disk and everything below it into one file of its own. */
export function flattening(from: string, to: string, format: 'raw' | 'qcow2'): string[] {
  return ['qemu-img', 'convert', '-f', format, '-O', 'qcow2', from, to]
}

/** The one that tells a disk by which path its backing file is found from now on (a path as seen from the disk's final place). */
export function renamedBacking(disk: string, backing: string): string[] {
  return ['qemu-img', 'rebase', '-u', '-F', 'qcow2', '-b', backing, disk]
}

/** Throws `failed` with the words of qemu-img when it has not done what it was told. */
export function assertDisk({ failed, said, cause }: Ended): void {
  if (failed) throw new OperatorError('failed', `disk: ${said.trim()}`, { hint: 'npm run doctor', cause })
}
