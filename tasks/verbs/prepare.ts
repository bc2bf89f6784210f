import type { TaskContext } from '../terminal/task.ts'
import { installMissing } from '../tools/system-packages.ts'

/** Installs the system packages that the platform needs and does not find; says nothing when all are there. */
export async function prepareComputer(context: TaskContext): Promise<void> {
  await installMissing(context.settings.platform, context)
}
