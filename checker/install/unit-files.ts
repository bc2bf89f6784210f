import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { writeAtomically } from '../atomic-file.ts'
import { programIn } from '../programs.ts'
import { type Units, unitName } from './systemd.ts'

export interface UnitPlace {
  readonly folder: string
  /** Root's units run without anyone logged in. */
  readonly isSystem: boolean
  /** Undefined: systemd is not running, so a person must run it later. */
  readonly systemctl: ((argv: readonly string[]) => Promise<void>) | undefined
}

/** For root the system's, otherwise the user's. */
export function unitPlace(): UnitPlace {
  const isSystem = process.getuid?.() === 0
  const own = join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'systemd', 'user')
  const program = existsSync('/run/systemd/system') ? programIn('systemctl') : undefined
  return {
    folder: isSystem ? '/etc/systemd/system' : own,
    isSystem,
    systemctl: program === undefined ? undefined : (argv) => run(program, [...scope(isSystem), ...argv]),
  }
}

/** Writes a check's units, readable by their owner only, and starts the timer; returns commands that a person must still run. */
export async function installUnits(place: UnitPlace, name: string, { service, timer }: Units): Promise<string[]> {
  const unit = unitName(name)
  mkdirSync(place.folder, { recursive: true })
  for (const [suffix, text] of Object.entries({ service, timer })) {
    writeAtomically(join(place.folder, `${unit}.${suffix}`), text, { mode: 0o600 })
  }
  return tell(place, [['daemon-reload'], ['enable', `${unit}.timer`], ['restart', `${unit}.timer`]])
}

/** Stops and removes a check's units; returns commands that a person must still run. */
export async function removeUnits(place: UnitPlace, name: string): Promise<string[]> {
  const unit = unitName(name)
  const left = await tell(place, [['disable', '--now', `${unit}.timer`]])
  for (const suffix of ['service', 'timer']) rmSync(join(place.folder, `${unit}.${suffix}`), { force: true })
  rmSync(join(place.folder, 'timers.target.wants', `${unit}.timer`), { force: true })
  return [...left, ...(await tell(place, [['daemon-reload']]))]
}

/** The names of all installed checks. */
export function namesOfUnits({ folder }: UnitPlace): string[] {
  const files = existsSync(folder) ? readdirSync(folder) : []
  return files.flatMap((file) => /^bakeroll-check-(.+)\.timer$/.exec(file)?.[1] ?? [])
}

async function tell({ isSystem, systemctl }: UnitPlace, calls: readonly (readonly string[])[]): Promise<string[]> {
  if (systemctl === undefined) return calls.map((argv) => ['systemctl', ...scope(isSystem), ...argv].join(' '))
  for (const argv of calls) await systemctl(argv)
  return []
}

function scope(isSystem: boolean): string[] {
  return isSystem ? [] : ['--user']
}

function run(program: string, argv: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, argv, (error, _, stderr) => {
      if (error === null) resolve()
      else reject(new Error(`systemctl ${argv.join(' ')}: ${stderr.trim() || error.message}`))
    })
  })
}
