import { count, resolveShare } from '../lib/count.ts'
import { refuseOtherService } from '../lib/image-choice.ts'
import { noGroup } from '../lib/no-group.ts'
import { inWords } from '../lib/release/log.ts'
import { releaseGroup } from '../lib/release/release.ts'
import type { ReleaseResult } from '../lib/release/task.ts'
import { assertSecretsSet } from '../lib/secrets.ts'
import { clock, openPlatform } from '../platforms/open.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { installMissing } from '../tools/system-packages.ts'
import { bakingPrograms } from './bake.ts'
import { openRollReport } from './roll/report.ts'

/** Brings a release to the running instances in place. */
export default async function release(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, signal, confirm } = context
  const report = openRollReport(settings.roll.report, progress)
  const { platform, releaseStore, secrets, probe, instanceTimeoutSeconds, limits, imageWith } =
    await openPlatform(context)
  await assertSecretsSet({ secrets, needed: settings.service.secrets }, settings.group)
  const group = await platform.group()
  if (!group) throw noGroup(platform)
  refuseOtherService(await platform.images(), group, platform.service)
  // Loaded late: what it needs of archives and recipes no other end of this verb does.
  const { openDelivery, readContent } = await import('../platforms/in-place.ts')
  if (!settings.dryRun) await installMissing(bakingPrograms(settings), context)
  const inPlace = { ...context, platform, releaseStore, limits: limits() }
  const { image, ...wanted } = await readContent(inPlace, settings.release)
  const isOfImage = (await imageWith(image)) === group.imageId
  // Unless told otherwise one at a time: an instance that is changed in place does not serve meanwhile.
  const maxUnavailable = Math.max(1, resolveShare(settings.roll.maxUnavailable, group.size))
  return report.keep(async () =>
    resultOf(
      await releaseGroup({
        platform,
        probe,
        clock,
        progress,
        signal,
        wanted,
        imageContent: isOfImage ? wanted.content : `image ${group.imageId}`,
        openDelivery: async () => {
          for (const words of lastingChanges(image.roles.release)) progress.warn(words)
          return openDelivery(inPlace, image)
        },
        policy: { maxUnavailable, instanceTimeoutSeconds },
        force: settings.force,
        dryRun: settings.dryRun,
        confirmOutage: confirm,
        onEvent: report.onEvent,
      }),
      image.roles.release,
    ),
  )
}

/** What is not put back. bakeroll does not know what roles of the user's do. */
function lastingChanges(roles: readonly string[]): string[] {
  const names = roles.join(', ')
  return names === ''
    ? []
    : [`what ${names} (image.roles.release) changes is not put back: a roll replaces the instances`]
}

/** Exit code 4 when the instances got back what they had. `roles`: the user's, of the release. */
export function resultOf({ steps = [], ...facts }: ReleaseResult, roles: readonly string[] = []): TaskResult {
  const { outcome, release: name, instances, seconds, reason } = facts
  const done = instances.filter(({ result }) => result === 'released').length
  const lines = {
    released: `released ${name} to ${count(done, 'instance')} in place, in ${seconds} s`,
    unchanged: `unchanged: every instance has ${name}`,
    'rolled-back': [`rolled back to ${name}: ${reason}`, ...lastingChanges(roles)].join('; '),
    planned: [...steps.map(inWords), ...lastingChanges(roles)].join('\n'),
  }
  return {
    line: lines[outcome],
    facts: outcome === 'planned' ? { ...facts, steps } : { ...facts },
    exitCode: outcome === 'rolled-back' ? 4 : 0,
  }
}
