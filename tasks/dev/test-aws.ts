import { OperatorError } from '../lib/errors.ts'
import { clock, openPlatform } from '../platforms/open.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import bake from '../verbs/bake.ts'
import check from '../verbs/check.ts'
import deploy from '../verbs/deploy.ts'
import destroy from '../verbs/destroy.ts'
import doctor from '../verbs/doctor.ts'
import roll from '../verbs/roll.ts'
import rollback from '../verbs/rollback.ts'
import scale from '../verbs/scale.ts'
import status from '../verbs/status.ts'

/** Time limit of the story; at the prices in docs/aws-costs.md it costs less than a dollar an hour. */
const limitMinutes = 90

type Verb = (context: TaskContext) => Promise<TaskResult>

/**
 * The whole story on an AWS account, by the verbs themselves, in its own group and network: doctor, bake, deploy,
 * check, scale, bake the next release, roll, check, rollback, destroy. Always removes the group and images at the end.
 */
export default async function testAws(context: TaskContext): Promise<TaskResult> {
  refuseUnlessWanted()
  const stamp = Date.now().toString(36)
  const releases = [`0.0.1-test.${stamp}`, `0.0.2-test.${stamp}`] as const
  const told: TaskContext = {
    ...context,
    signal: AbortSignal.any([context.signal, AbortSignal.timeout(limitMinutes * 60_000)]),
    confirm: async () => {},
    positionals: [],
    settings: { ...context.settings, platform: 'aws', group: `test-${stamp}`, yes: true, size: 2 },
  }
  const steps: { name: string; seconds: number; facts: Record<string, unknown> }[] = []
  const tell = async (name: string, verb: Verb, changes: Partial<TaskContext['settings']> = {}) => {
    const startedAt = Date.now()
    const settings = { ...told.settings, ...changes }
    const result = await context.progress.step(name, () => verb({ ...told, settings }))
    steps.push({ name, seconds: Math.round((Date.now() - startedAt) / 100) / 10, facts: result.facts })
    if ((result.exitCode ?? 0) !== 0) throw new OperatorError('failed', `${name}: ${result.line || result.output}`)
    return result
  }
  try {
    await tellStory(tell, releases)
  } finally {
    await removeAll(context, told, releases)
  }
  const left = await (await openPlatform(told)).platform.leftovers()
  const line = left.length > 0 ? `still there: ${left.join(', ')}` : `${steps.length} steps, nothing is left`
  return { line, facts: { steps, left }, exitCode: left.length > 0 ? 5 : 0 }
}

type Tell = (name: string, verb: Verb, changes?: Partial<TaskContext['settings']>) => Promise<TaskResult>

async function tellStory(tell: Tell, [first, second]: readonly [string, string]): Promise<void> {
  await tell('doctor', doctor)
  await tell(`bake ${first}`, bake, { release: first })
  await tell('bake again', bake, { release: first })
  await tell('plan', deploy, { wantedImage: first, dryRun: true })
  await tell('deploy', deploy, { wantedImage: first })
  await tell('deploy again', deploy)
  await tell('status', status)
  await tell('check', untilRight)
  await tell('scale to 3', scale, { size: 3 })
  await tell(`bake ${second}`, bake, { release: second })
  await tell(`roll to ${second}`, roll, { wantedImage: second })
  // An emulator serves nothing, so a roll changes nothing there.
  if (!process.env['AWS_ENDPOINT_URL']) await tell('check again', untilRight)
  await tell('rollback', rollback)
  await tell('status at the end', status)
}

/** A new load balancer's DNS name takes a minute or two to spread. */
async function untilRight(context: TaskContext): Promise<TaskResult> {
  const deadline = Date.now() + 300_000
  for (;;) {
    const result = await check(context)
    if ((result.exitCode ?? 0) === 0 || Date.now() > deadline) return result
    await clock.sleep(5000, context.signal)
  }
}

/** Not stopped by Ctrl-C or by the time limit. */
async function removeAll(context: TaskContext, told: TaskContext, releases: readonly string[]): Promise<void> {
  const unstoppable = { ...told, signal: new AbortController().signal }
  await context.progress.step('destroy', () => destroy(unstoppable))
  const { platform } = await openPlatform(unstoppable)
  for (const { id, release } of await platform.images()) {
    if (releases.includes(release)) await platform.removeImage(id)
  }
}

function refuseUnlessWanted(): void {
  if (process.env['BAKEROLL_TEST_AWS'] === 'yes') return
  throw new OperatorError(
    'refused',
    'this runs machines on your AWS account for about an hour and costs about a dollar',
    {
      hint: 'BAKEROLL_TEST_AWS=yes npm run test:aws',
    },
  )
}
