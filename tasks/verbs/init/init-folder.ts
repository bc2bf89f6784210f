import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { OperatorError } from '../../lib/errors.ts'
import { configFilesIn } from '../../settings/project.ts'
import { type Asked, type Draft, draftOf } from './config-text.ts'
import { ignoring, type ProjectFile } from './project-files.ts'
import { surveyOf } from './survey.ts'

const configName = 'bakeroll.config.mts'

export interface Plan {
  /** The configuration file is the last one, so that a failure before it is mended by the same call. */
  readonly files: readonly ProjectFile[]
  readonly draft: Draft
}

/** Looks at a folder; refuses one that has a configuration. Writes nothing. */
export async function planFolder(folder: string, asked: Asked): Promise<Plan> {
  const [there] = configFilesIn(folder)
  if (there !== undefined) throw alreadyThere(basename(there))
  const survey = await surveyOf(folder)
  const draft = draftOf(survey, asked)
  const built = draft.built === undefined ? [] : [`/${draft.built}`]
  const config = { name: configName, text: draft.text, isThere: false }
  const ignored = [
    ignoring(folder, '.gitignore', ['.bakeroll/', ...built]),
    // Or a build copies disks of machines.
    survey.dockerfile && ignoring(folder, '.dockerignore', ['.bakeroll/', ...built]),
  ]
  return { files: [...ignored.filter((file) => file !== undefined), config], draft }
}

/** Writes them; never over a configuration. */
export function writeFiles(folder: string, files: readonly ProjectFile[]): void {
  for (const { name, text } of files) {
    try {
      writeFileSync(join(folder, name), text, { flag: name === configName ? 'wx' : 'w' })
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      if (code === 'EEXIST') throw alreadyThere(name)
      throw new OperatorError('failed', `cannot write ${join(folder, name)}: ${message}`, { cause })
    }
  }
}

function alreadyThere(name: string): OperatorError {
  return new OperatorError('refused', `${name} is there already: init never overwrites a configuration`, {
    hint: 'npm run bake -- --dry-run says what it would bake',
  })
}
