import { OperatorError } from '../lib/errors.ts'
import { isInstalled } from '../settings/own.ts'
import { configFilesIn, findProject } from '../settings/project.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { planFolder, writeFiles } from './init/init-folder.ts'

/** Writes the configuration for the service in the folder where the user stands. */
export default async function init(context: TaskContext): Promise<TaskResult> {
  const { settings, said, workingFolder: folder } = context
  if (!isInstalled) throw inClone()
  const plan = await planFolder(folder, {
    group: said.has('group') ? settings.group : undefined,
    platform: said.has('platform') ? settings.platform : undefined,
  })
  const names = plan.files.map(({ name }) => name)
  const { missing, text } = plan.draft
  const notes = missing.map((one) => `missing: ${one}`)
  if (settings.dryRun) {
    const output = [text, `would write ${names.join(', ')}`, ...notes].join('\n')
    return { line: '', output, facts: { written: [], planned: names, missing } }
  }
  await assertNoProjectAbove(context)
  writeFiles(folder, plan.files)
  const next = missing.length === 0 ? ['next: npm run bake'] : []
  return {
    line: '',
    output: [`wrote ${names.join(', ')}`, ...notes, ...next].join('\n'),
    facts: { written: names, missing },
  }
}

function inClone(): OperatorError {
  return new OperatorError(
    'refused',
    "init is for a service's own repository; this is a clone of bakeroll, which bakes app/",
    {
      hint: 'npm run pack makes the package; npm install --save-dev FILE puts it into a repository (docs/own-service.md)',
    },
  )
}

/** From then on the verbs that are called here work on another group than they do now. */
async function assertNoProjectAbove({ workingFolder, confirm }: TaskContext): Promise<void> {
  const [file] = configFilesIn(findProject(workingFolder))
  if (file === undefined) return
  await confirm(`This folder belongs to the project of ${file}. Make it a project of its own?`)
}
