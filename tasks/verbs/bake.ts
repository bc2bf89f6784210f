import { openPlatform } from '../platforms/open.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { installMissing, programsFor } from '../tools/system-packages.ts'

export default async function bake(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, signal } = context
  const { bake, planBake } = await openPlatform(context)
  const wanted = { release: settings.release, force: settings.force }
  if (settings.dryRun) {
    const steps = await planBake(wanted)
    return { line: steps.join('\n'), facts: { release: wanted.release, steps } }
  }
  await installMissing(programsFor(settings.platform), context)
  const startedAt = Date.now()
  const { image, reused } = await bake(wanted, { progress, signal })
  const seconds = Math.round((Date.now() - startedAt) / 100) / 10
  const { id, release, verified } = image
  return {
    line: reused ? `reused ${id}: same contents, already verified` : `baked ${id}, verified, in ${seconds} s`,
    facts: { image: id, release, reused, verified, seconds },
  }
}
