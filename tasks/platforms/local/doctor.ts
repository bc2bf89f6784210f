import { existsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { count } from '../../lib/count.ts'
import type { Pace } from '../../lib/pace.ts'
import type { Finding } from '../../lib/platform.ts'
import { hostMirrors } from '../../tools/debian-disk.ts'
import { missingPlugins, packerVersion } from '../../tools/packer-plugins.ts'
import { computerFindings } from '../../tools/program-findings.ts'
import { type Accelerator, chooseAccelerator } from '../../tools/qemu.ts'
import { userNamespaceProblem } from '../../tools/user-namespaces.ts'
import { checkDisk } from '../disk-space.ts'
import { checkHomeIsWritable, type Home } from '../home.ts'
import { listImages } from './images.ts'
import {
  bakeDiskMib,
  bakeMemoryMib,
  checkArchitecture,
  checkMemory,
  checkPort,
  checkRoomForInstances,
  demoInstances,
} from './resources.ts'

export interface Examined {
  readonly home: Home
  readonly port: number
  /** Address of the group's load balancer; undefined without a group. */
  readonly groupUrl: string | undefined
  readonly accelerator: 'auto' | Accelerator
  readonly memoryMib: number
  /** The Debian suite inside images. */
  readonly suite: string
  readonly pace: Pace
  /** Estimated length of a demo, as the demo itself prints it. */
  minutesOfDemo(): Promise<number>
}

/**
 * Checks everything that the local platform needs, with the verbs' own checks and without changes. What a verb fixes by
 * itself is a warning; what makes it refuse is a failure.
 */
export async function examineComputer(examined: Examined): Promise<Finding[]> {
  const { home } = examined
  const namespacesFound =
    process.getuid?.() === 0 ? 'not needed: you are root' : 'a Debian system can be made without root'
  const findings = await Promise.all([
    computerFindings('local'),
    finding('processor', 'x86-64', checkArchitecture),
    nodeFinding(),
    pluginsFinding(),
    finding('user namespaces', namespacesFound, async () => {
      const problem = await userNamespaceProblem()
      if (problem) throw problem
    }),
    mirrorFinding(examined.suite),
    acceleratorFinding(examined),
    paceFinding(examined.pace),
    memoryFinding(examined),
    finding('home', home.folder, () => checkHomeIsWritable(home)),
    diskFinding(home),
    portFinding(examined),
  ])
  return findings.flat()
}

/** The factor of all time limits. Such a high one is mostly due to other programs. */
function paceFinding({ factor, because }: Pace): Finding {
  const found = `time limits times ${factor} (${because})`
  if (factor <= 9) return { name: 'pace', status: 'ok', found }
  const hint = 'close other programs; BAKEROLL_LOCAL_PACE=20 gives everything more time'
  return { name: 'pace', status: 'warn', found, hint }
}

/** Runs a verb's own check. */
async function finding(name: string, found: string, check: () => void | Promise<void>): Promise<Finding> {
  try {
    await check()
    return { name, status: 'ok', found }
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string }
    return { name, status: 'fail', found: message, ...(hint ? { hint } : {}) }
  }
}

function nodeFinding(): Finding {
  const isLocked = process.execPath.includes('/node_modules/')
  const whose = isLocked ? 'from the locked packages' : `${process.execPath}, instead of the locked one`
  return { name: 'Node', status: 'ok', found: `${process.version} ${whose}` }
}

/** Packer up to 1.9 includes its plugins. */
async function pluginsFinding(): Promise<Finding[]> {
  const version = await packerVersion()
  const missing = version === undefined ? [] : await missingPlugins(version)
  if (missing.length === 0) return []
  const found = `missing for Packer ${version}: ${missing.join(', ')}; installed when needed`
  return [{ name: 'packer plugins', status: 'warn', found, hint: 'packer init packer/plugins' }]
}

async function mirrorFinding(suite: string): Promise<Finding> {
  const [first] = await hostMirrors(suite)
  const uri = first?.split(' ')[1]
  const found = uri === undefined ? "Debian's own: apt on this computer has none" : `${uri}, as apt on this computer`
  return { name: `mirror of ${suite}`, status: 'ok', found }
}

async function acceleratorFinding({ accelerator: wanted, minutesOfDemo }: Examined): Promise<Finding> {
  const name = 'accelerator'
  const { accelerator, because } = chooseAccelerator(wanted)
  if (accelerator === 'kvm') return { name, status: 'ok', found: `kvm: ${because}` }
  // What prevents the estimate is a finding of its own.
  const minutes = await minutesOfDemo().catch(() => undefined)
  const demo = minutes === undefined ? '' : `: a demo takes about ${count(minutes, 'minute')} at the current pace`
  const found = `tcg: ${because}. Everything works, but each boot takes minutes${demo}`
  const hint = because.includes('/dev/kvm') ? kvmHint() : undefined
  return { name, status: wanted === 'tcg' ? 'ok' : 'warn', found, ...(hint ? { hint } : {}) }
}

function kvmHint(): string {
  return existsSync('/dev/kvm')
    ? `sudo usermod -aG kvm "$USER", then log in again`
    : 'sudo modprobe -a kvm_intel kvm_amd'
}

function memoryFinding({ memoryMib }: Examined): Promise<Finding> {
  return finding('memory', `${Math.round(totalmem() / 1024 ** 2)} MiB in total`, () => {
    checkMemory(bakeMemoryMib({ memoryMib }), 'a bake')
    checkMemory(demoInstances * memoryMib, `${demoInstances} instances`)
  })
}

/** With an image already here, missing space for a bake is only a warning. */
async function diskFinding(home: Home): Promise<Finding> {
  const bake = await finding('disk', 'room for a bake and a group', () => checkDisk(home, bakeDiskMib))
  if (bake.status === 'ok' || !listImages(home).some(({ verified }) => verified)) return bake
  const group = await finding('disk', bake.found, () => checkRoomForInstances(home, demoInstances, { memoryMib: 0 }))
  return group.status === 'ok' ? { ...bake, status: 'warn', found: `no bake: ${bake.found}` } : group
}

async function portFinding({ groupUrl, port }: Examined): Promise<Finding> {
  if (groupUrl !== undefined) return { name: 'port', status: 'ok', found: `the group listens on ${groupUrl}` }
  return finding('port', `127.0.0.1:${port} is free`, () => checkPort(port, 'demo'))
}
