import { hostname } from 'node:os'
import { printable } from '../formatters/printable.ts'
import { programIn } from '../programs.ts'
import type { CheckRun, Outcome, RunHost } from '../run-types.ts'
import { exitCodes } from '../verdict/report.ts'
import { type CallAgain, callAgain } from './again.ts'
import { cronLine, namesIn, withLine, withoutLine } from './cron.ts'
import { openCrontab } from './crontab.ts'
import { fleetingNotes, fleetingProblems } from './kept-files.ts'
import { unitName, unitsOf } from './systemd.ts'
import { installUnits, namesOfUnits, removeUnits, type UnitPlace, unitPlace } from './unit-files.ts'
import { keepVariables, variablesFile } from './variables-file.ts'

/** Installs or removes this check in cron or systemd; reports what was written, and what is left to do. */
export async function installOrNot(run: CheckRun, host: RunHost): Promise<Outcome> {
  const { install, uninstall } = run.options
  try {
    if (install !== undefined) refuseFleeting(run)
    const { lines, facts } =
      install === 'cron'
        ? await installCron(run)
        : install === 'systemd'
          ? await installSystemd(run)
          : uninstall === 'cron'
            ? await uninstallCron(run)
            : await uninstallSystemd(run)
    const stdout =
      run.options.format === 'json' ? `${JSON.stringify({ ok: true, ...facts })}\n` : `${lines.join('\n')}\n`
    return { stdout: printable(stdout), facts, exitCode: 0 }
  } catch (error) {
    const flag = install === undefined ? `--uninstall ${uninstall}` : `--install ${install}`
    host.warn(`${flag}: ${error instanceof Error ? error.message : error}`)
    return { stdout: '', exitCode: exitCodes.unknown }
  }
}

/** The check's files must still exist, unchanged, when it runs later. */
function refuseFleeting(run: CheckRun): void {
  const problems = fleetingProblems(run)
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

/** For people, and for programs. */
interface Done {
  readonly lines: readonly string[]
  readonly facts: Record<string, unknown>
}

async function installCron(run: CheckRun): Promise<Done> {
  const call = callAgain(run)
  const crontab = openCrontab()
  const before = await crontab.read()
  const file = variablesFile('cron', call.name)
  const line = lineOf(call, run, file)
  const after = withLine(before, call.name, Buffer.from(line).toString('latin1'))
  const kept = keepVariables(file, call.variables)
  if (after !== before) await crontab.write(after)
  const did = after === before ? 'already in' : namesIn(before).includes(call.name) ? 'replaced in' : 'added to'
  return {
    lines: [`${did} your crontab, as ${call.name}:`, line, ...toldOf(kept), ...fleetingNotes(run)],
    facts: { installed: { name: call.name, crontab: line, ...(kept === undefined ? {} : { variables: kept }) } },
  }
}

function lineOf(call: CallAgain, { options: { everyMs, timeoutMs } }: CheckRun, file: string): string {
  const { name, words, variables } = call
  const seed = `${hostname()} ${name}`
  return cronLine({
    words,
    everyMs,
    timeoutMs,
    seed,
    timeout: programIn('timeout'),
    logger: programIn('logger'),
    ...(Object.keys(variables).length === 0 ? {} : { variables: file }),
  })
}

function toldOf(file: string | undefined): string[] {
  return file === undefined ? [] : [`secrets and other variables: ${file}`]
}

async function uninstallCron(run: CheckRun): Promise<Done> {
  const crontab = openCrontab()
  const before = await crontab.read()
  const names = wanted(run, namesIn(before))
  if (names.length > 0) await crontab.write(names.reduce(withoutLine, before))
  for (const name of names) keepVariables(variablesFile('cron', name), {})
  const lines = names.map((name) => `removed ${name} from your crontab`)
  return { lines: lines.length === 0 ? ['not in your crontab'] : lines, facts: { removed: names } }
}

async function installSystemd(run: CheckRun): Promise<Done> {
  const call = callAgain(run)
  const place = unitPlace()
  const kept = keepVariables(variablesFile('systemd', call.name), call.variables)
  const { service, timer } = unitsOf(call, run.options, place.isSystem, kept)
  const left = await installUnits(place, call.name, { service, timer })
  const unit = `${place.folder}/${unitName(call.name)}`
  const told = [...toldOf(kept), ...leftToDo(left), ...lingering(place), ...fleetingNotes(run)]
  const units = [`${unit}.service`, `${unit}.timer`]
  return {
    lines: [`# ${unit}.service`, service, `# ${unit}.timer`, timer, ...told],
    facts: {
      installed: { name: call.name, units, leftToDo: left, ...(kept === undefined ? {} : { variables: kept }) },
    },
  }
}

async function uninstallSystemd(run: CheckRun): Promise<Done> {
  const place = unitPlace()
  const names = wanted(run, namesOfUnits(place))
  const lines: string[] = []
  const commands: string[] = []
  for (const name of names) {
    const left = await removeUnits(place, name)
    keepVariables(variablesFile('systemd', name), {})
    lines.push(`removed ${unitName(name)} from ${place.folder}`, ...leftToDo(left))
    commands.push(...left)
  }
  if (names.length === 0) lines.push(`not installed in ${place.folder}`)
  return { lines, facts: { removed: names, leftToDo: commands } }
}

function leftToDo(commands: readonly string[]): string[] {
  if (commands.length === 0) return []
  return ['systemd is not running here; where it is, run:', ...commands.map((command) => `  ${command}`)]
}

function lingering({ isSystem }: UnitPlace): string[] {
  return isSystem ? [] : ['it runs only while you are logged in; to run it always: loginctl enable-linger']
}

/** The installed check of the given targets; without targets, all installed checks. */
function wanted(run: CheckRun, names: readonly string[]): readonly string[] {
  const isNamed = run.targets.length > 0 || run.options.targets !== undefined || run.again?.group !== undefined
  return isNamed ? names.filter((name) => name === callAgain(run).name) : names
}
