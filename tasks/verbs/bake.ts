import { openPlatform } from '../platforms/open.ts'
import type { Settings } from '../settings/settings.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { installMissing, type Program, programsFor } from '../tools/system-packages.ts'

/** What bakes images, or brings a release to instances. */
export function bakingPrograms({ platform, service }: Settings): Program[] {
  return programsFor(platform, ...(service.image === undefined ? [] : (['registry'] as const)))
}

export default async function bake(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, signal } = context
  const { bake, planBake } = await openPlatform(context)
  const wanted = { release: settings.release, force: settings.force }
  if (settings.dryRun) {
    const steps = await planBake(wanted)
    return { line: steps.join('\n'), facts: { release: wanted.release, steps } }
  }
  await installMissing(bakingPrograms(settings), context)
  const startedAt = Date.now()
  const { image, reused } = await bake(wanted, { progress, signal })
  const seconds = Math.round((Date.now() - startedAt) / 100) / 10
  const { id, release, verified } = image
  return {
    line: reused ? `reused ${id}: same contents, already verified` : `baked ${id}, verified, in ${seconds} s`,
    facts: { image: id, release, reused, verified, seconds },
  }
}
