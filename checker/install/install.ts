import { hostname } from 'node:os'
import type { CheckRun, Outcome, RunHost } from '../run-types.ts'
import { exitCodes } from '../verdict/report.ts'
import { type CallAgain, callAgain } from './again.ts'
import { cronLine, namesIn, withLine, withoutLine } from './cron.ts'
import { openCrontab } from './crontab.ts'
import { programIn } from './programs.ts'
import { unitName, unitsOf } from './systemd.ts'
import { installUnits, namesOfUnits, removeUnits, type UnitPlace, unitPlace } from './unit-files.ts'

/** Has cron or systemd call this check from now on, or no longer; says what was written, or what is left to do. */
export async function installOrNot(run: CheckRun, host: RunHost): Promise<Outcome> {
  const { install, uninstall } = run.options
  try {
    const text =
      install === 'cron'
        ? await installCron(run)
        : install === 'systemd'
          ? await installSystemd(run)
          : uninstall === 'cron'
            ? await uninstallCron(run)
            : await uninstallSystemd(run)
    return { stdout: `${text.join('\n')}\n`, exitCode: 0 }
  } catch (error) {
    const flag = install === undefined ? `--uninstall ${uninstall}` : `--install ${install}`
    host.warn(`${flag}: ${error instanceof Error ? error.message : error}`)
    return { stdout: '', exitCode: exitCodes.unknown }
  }
}

async function installCron(run: CheckRun): Promise<string[]> {
  const call = callAgain(run)
  const crontab = openCrontab()
  const before = await crontab.read()
  const line = lineOf(call.words, call, run)
  const after = withLine(before, call.name, Buffer.from(line).toString('latin1'))
  if (after !== before) await crontab.write(after)
  const did = after === before ? 'already in' : namesIn(before).includes(call.name) ? 'replaced in' : 'added to'
  return [`${did} your crontab, as ${call.name}:`, lineOf(call.shown, call, run)]
}

function lineOf(words: readonly string[], { name }: CallAgain, { options: { everyMs, timeoutMs } }: CheckRun): string {
  const seed = `${hostname()} ${name}`
  return cronLine({ words, everyMs, timeoutMs, seed, timeout: programIn('timeout'), logger: programIn('logger') })
}

async function uninstallCron(run: CheckRun): Promise<string[]> {
  const crontab = openCrontab()
  const before = await crontab.read()
  const names = wanted(run, namesIn(before))
  if (names.length > 0) await crontab.write(names.reduce(withoutLine, before))
  return names.length === 0
    ? ['nothing of it in your crontab']
    : names.map((name) => `removed ${name} from your crontab`)
}

async function installSystemd(run: CheckRun): Promise<string[]> {
  const call = callAgain(run)
  const place = unitPlace()
  const left = await installUnits(place, call.name, unitsOf(call, run.options, place.isSystem))
  const { service, timer } = unitsOf(call, run.options, place.isSystem, call.shown)
  const unit = `${place.folder}/${unitName(call.name)}`
  return [`# ${unit}.service`, service, `# ${unit}.timer`, timer, ...leftToDo(left), ...lingering(place)]
}

async function uninstallSystemd(run: CheckRun): Promise<string[]> {
  const place = unitPlace()
  const names = wanted(run, namesOfUnits(place))
  const lines: string[] = []
  for (const name of names) {
    const left = await removeUnits(place, name)
    lines.push(`removed ${unitName(name)} from ${place.folder}`, ...leftToDo(left))
  }
  return names.length === 0 ? [`nothing of it in ${place.folder}`] : lines
}

function leftToDo(commands: readonly string[]): string[] {
  if (commands.length === 0) return []
  return ['systemd does not run here; where it does:', ...commands.map((command) => `  ${command}`)]
}

function lingering({ isSystem }: UnitPlace): string[] {
  return isSystem ? [] : ['it runs while you are logged in; always, after: loginctl enable-linger']
}

/** The one that the targets name, as far as it is there; without any all that are. */
function wanted(run: CheckRun, names: readonly string[]): readonly string[] {
  const isNamed = run.targets.length > 0 || run.options.targets !== undefined || run.again?.group !== undefined
  return isNamed ? names.filter((name) => name === callAgain(run).name) : names
}
