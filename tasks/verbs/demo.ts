import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { demoLines, demoLoad, demoReleases } from '../lib/demo-estimate.ts'
import { OperatorError } from '../lib/errors.ts'
import { homeAt } from '../platforms/home.ts'
import { checkPort, checkRoomForInstances, demoInstances } from '../platforms/local/resources.ts'
import { clock, openPlatform } from '../platforms/open.ts'
import { groupCheck, serviceOf } from '../platforms/service.ts'
import { openReport } from '../report/report.ts'
import { isInstalled } from '../settings/own.ts'
import { exampleName } from '../settings/project.ts'
import type { Settings } from '../settings/settings.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { startLoad, sum } from '../tools/load.ts'
import { runOver } from '../tools/ssh.ts'
import { installMissing, programsFor } from '../tools/system-packages.ts'
import bake from './bake.ts'
import check from './check.ts'
import { duringWords, perSecond, requestWords, type TimedLoad, underLoad } from './demo/requests.ts'
import deploy from './deploy.ts'
import destroy from './destroy.ts'
import heal from './heal.ts'
import roll from './roll.ts'

const leastRequests = 20_000

type Verb = (context: TaskContext) => Promise<TaskResult>

/**
 * The whole story on the local platform, run by the verbs themselves: bake two releases, deploy the first, check, roll
 * to the second under load, break nginx on one instance, see `check` notice, heal, check.
 */
export default async function demo(asked: TaskContext): Promise<TaskResult> {
  const context = { ...asked, settings: namedSettings(asked.settings) }
  const { settings, progress } = context
  if (settings.platform !== 'local') throw new OperatorError('usage', 'the demo runs on the local platform only')
  // The group belongs to the demo, so it is removed without asking.
  const told = { ...context, confirm: async () => {} }
  await clearTheWay(told)
  await installMissing(programsFor(settings.platform), context)
  const steps: { name: string; seconds: number }[] = []
  const stepCount = settings.demo.keep ? 10 : 11
  const plan = await (await openPlatform(context)).planDemo?.(demoReleases)
  for (const line of plan ? demoLines(stepCount, plan.work, plan.pace) : []) progress.event(line)
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const startedAt = Date.now()
    const result = await progress.step(`${steps.length + 1}/${stepCount} ${name}`, work)
    steps.push({ name, seconds: Math.round((Date.now() - startedAt) / 100) / 10 })
    return result
  }
  const tell = (name: string, verb: Verb, changes: Partial<Settings> = {}, expected = 0) =>
    step(name, async () => {
      const result = await verb({ ...told, positionals: [], settings: { ...settings, ...changes } })
      if ((result.exitCode ?? 0) !== expected) throw new OperatorError('failed', `${name}: ${result.line}`)
      return result
    })
  const checking = (expectVersion: string, instances = false) => ({
    check: { ...settings.check, expectVersion, instances },
  })

  const [first, second] = demoReleases
  await tell(`bake ${first}`, bake, { release: first })
  await tell(`bake ${second}`, bake, { release: second })
  await tell(`deploy ${first}`, deployMarked, { wantedImage: first, size: 2 })
  await tell('check', check, checking(first))
  const report = join(settings.home, 'demo-roll.html')
  const { during, after } = await step(`roll to ${second} under load`, () => rollUnderLoad(context, second, report))
  await tell('check again', check, checking(second))
  const broken = await step('break nginx on one instance', () => breakNginx(context))
  await tell('check notices', check, checking(second, true), 2)
  const healed = await tell('heal', heal)
  await tell('check is well again', check, checking(second, true))
  if (!settings.demo.keep) await tell('destroy', destroy)
  const all = sum([during, after])
  const requests = { ...all, during: factsOf(during), after: factsOf(after) }
  return {
    line: `${requestWords(during, after)}; nginx broken on ${broken} and healed; ${second} served; the roll: ${report}`,
    facts: { requests, steps, release: second, heal: healed.facts, report },
    ok: all.failed === 0,
    exitCode: all.failed === 0 ? 0 : 5,
  }
}

/** In a project of the user's the images of a demo are no releases of the project. */
function namedSettings(settings: Settings): Settings {
  const name = serviceOf(settings.service).isExample ? exampleName : 'demo'
  return isInstalled ? { ...settings, service: { ...settings.service, name } } : settings
}

/** The mark of a demo's group. It lies in the group's folder, so it is removed with the group, by any verb. */
function markOf({ home, group }: Settings): string {
  return join(homeAt(home).groups, group, 'demo')
}

/** Removes what an earlier demo left, refuses to touch any other group, and reports what the deploy would lack. */
async function clearTheWay(context: TaskContext): Promise<void> {
  const { settings, progress } = context
  const group = await (await openPlatform(context)).platform.group()
  if (group && !existsSync(markOf(settings))) {
    throw new OperatorError('refused', `there is a group ${group.name} already, and no demo made it`, {
      hint: 'npm run demo -- --group demo',
    })
  }
  if (group) {
    progress.event('removing what an earlier demo left')
    await destroy({ ...context, settings: { ...settings, destroy: { images: false } } })
  }
  // Checked minutes before the deploy: what is missing now will still be missing then.
  await checkPort(settings.local.port, 'demo')
  await checkRoomForInstances(homeAt(settings.home), demoInstances, settings.local)
}

/** Marks the group before it exists, and removes the mark if the deploy leaves no group. */
async function deployMarked(context: TaskContext): Promise<TaskResult> {
  const mark = markOf(context.settings)
  await mkdir(dirname(mark), { recursive: true, mode: 0o700 })
  await writeFile(mark, '')
  try {
    return await deploy(context)
  } catch (error) {
    if (!(await (await openPlatform(context)).platform.group())) await rm(dirname(mark), { recursive: true })
    throw error
  }
}

/** Rolls under load, and continues the load until it has sent enough requests to mean something. */
async function rollUnderLoad(context: TaskContext, release: string, reportFile: string) {
  const { settings, progress, signal } = context
  const { platform, planDemo } = await openPlatform(context)
  const { timePath } = groupCheck(context.settings, context.said)
  const url = new URL(timePath, (await platform.group())?.url).href
  // The bakes took a while: the computer may be busier now, or quieter.
  const load = demoLoad((await planDemo?.([]))?.pace.factor ?? 1)
  const since = new Date().toISOString()
  const loading = () => startLoad({ url, ...load })
  const rolling = async () => {
    const reporting = { ...settings.roll, report: reportFile }
    const result = await roll({ ...context, settings: { ...settings, wantedImage: release, roll: reporting } })
    if ((result.exitCode ?? 0) !== 0) throw new OperatorError('failed', result.line)
  }
  const during = await underLoad(loading(), rolling, progress.warn)
  const report = openReport(reportFile)
  report.onEvent({ event: 'requests', at: new Date().toISOString(), since, sent: during.sent, failed: during.failed })
  report.finish()
  progress.event(duringWords(during, load.keptPerSecond + load.newPerSecond))
  let after: TimedLoad = { sent: 0, failed: 0, failures: {}, seconds: 0 }
  for (let rate = during; during.sent + after.sent < leastRequests && !signal.aborted; rate = after) {
    const missing = leastRequests - during.sent - after.sent
    progress.event(`${missing} more, to make it ${leastRequests}`)
    const ms = (1.1 * missing * 1000) / Math.max(1, perSecond(rate))
    const more = await underLoad(loading(), () => clock.sleep(ms, signal), progress.warn)
    after = { ...sum([after, more]), seconds: after.seconds + more.seconds }
  }
  return { during, after }
}

function factsOf(part: TimedLoad) {
  const { sent, failed, seconds } = part
  return { sent, failed, seconds: Math.round(seconds * 10) / 10, perSecond: perSecond(part) }
}

async function breakNginx(context: TaskContext): Promise<string> {
  const { signal } = context
  const { platform, limits } = await openPlatform(context)
  const id = (await platform.group())?.instances[0]?.id
  if (id === undefined) throw new OperatorError('failed', 'the group has no instance to break')
  const limit = { timeoutSeconds: limits().commandSeconds, signal }
  const stopped = await runOver(await platform.sshArguments(id), 'systemctl stop nginx', limit)
  if (stopped.exitCode !== 0) throw new OperatorError('failed', `nginx on ${id} did not stop: ${stopped.stderr.trim()}`)
  return id
}
