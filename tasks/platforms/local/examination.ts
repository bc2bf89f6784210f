import { existsSync, readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import type { Finding } from '../../lib/finding.ts'
import { chooseAccelerator } from '../../tools/qemu.ts'
import { findProgram, programs } from '../../tools/system-packages.ts'
import { checkHomeIsWritable, type Home } from './home.ts'
import { groupNames } from './local.ts'
import { portIsFree } from './ports.ts'
import { checkDisk, checkMemory } from './resources.ts'

/** What is examined. */
export interface Examined {
  readonly home: Home
  readonly port: number
  readonly accelerator: 'auto' | 'kvm' | 'tcg'
  readonly memoryMib: number
}

/** Looks at everything that the local platform needs on this computer. Changes nothing. */
export async function examineComputer(examined: Examined): Promise<Finding[]> {
  return [
    operatingSystem(),
    { name: 'Node', status: 'ok', found: `${process.version} from the locked packages` },
    ...programFindings(),
    acceleratorFinding(examined.accelerator),
    memoryFinding(examined.memoryMib),
    await diskFinding(examined.home),
    homeFinding(examined.home),
    await portFinding(examined),
  ]
}

function operatingSystem(): Finding {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  const name = release.match(/^PRETTY_NAME="?(.*?)"?$/m)?.[1] ?? process.platform
  const isDebian = /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release)
  if (isDebian) return { name: 'operating system', status: 'ok', found: name }
  const hint = 'install the programs below yourself; only Debian and Ubuntu are set up by bakeroll'
  return { name: 'operating system', status: 'warn', found: name, hint }
}

function programFindings(): Finding[] {
  return programs
    .filter(({ purposes }) => purposes.includes('local'))
    .map((program): Finding => {
      const path = program.file ? existing(program.file) : findProgram(program.name)
      if (path !== undefined) return { name: program.name, status: 'ok', found: path }
      const found = `missing: it ${program.why}`
      return { name: program.name, status: 'fail', found, hint: `sudo apt-get install ${program.package}` }
    })
}

function existing(file: string): string | undefined {
  return existsSync(file) ? file : undefined
}

function acceleratorFinding(wanted: Examined['accelerator']): Finding {
  const { accelerator, because } = chooseAccelerator(wanted)
  const found = `${accelerator}: ${because}`
  if (accelerator !== 'tcg' || wanted === 'tcg') return { name: 'accelerator', status: 'ok', found }
  const hint = because.includes('/dev/kvm') ? `sudo usermod -aG kvm "$USER", then log in again` : undefined
  return { name: 'accelerator', status: 'warn', found, ...(hint ? { hint } : {}) }
}

function memoryFinding(memoryMib: number): Finding {
  // Two instances and the one that a roll launches before it ends another.
  return examine('memory', `${Math.round(totalmem() / 1024 ** 2)} MiB in all`, () =>
    checkMemory(3 * memoryMib, 'three instances'),
  )
}

async function diskFinding(home: Home): Promise<Finding> {
  const problem = await checkDisk(home, 6000).then(
    () => undefined,
    (error: Error & { hint?: string }) => error,
  )
  if (problem === undefined) return { name: 'disk', status: 'ok', found: 'room for a bake and a group' }
  return { name: 'disk', status: 'fail', found: problem.message, hint: problem.hint ?? '' }
}

function homeFinding(home: Home): Finding {
  return examine('home', home.folder, () => checkHomeIsWritable(home))
}

function examine(name: string, found: string, check: () => void): Finding {
  try {
    check()
    return { name, status: 'ok', found }
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string }
    return { name, status: 'fail', found: message, ...(hint ? { hint } : {}) }
  }
}

async function portFinding({ home, port }: Examined): Promise<Finding> {
  if (await portIsFree('127.0.0.1', port)) return { name: 'port', status: 'ok', found: `127.0.0.1:${port} is free` }
  const groups = groupNames(home)
  if (groups.length > 0)
    return { name: 'port', status: 'ok', found: `127.0.0.1:${port} is in use; groups here: ${groups.join(', ')}` }
  const hint = 'BAKEROLL_LOCAL_PORT=8081 npm run deploy'
  return { name: 'port', status: 'warn', found: `127.0.0.1:${port} is taken by another program`, hint }
}
