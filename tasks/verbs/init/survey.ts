import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../../lib/errors.ts'
import { groupOf } from '../../settings/project.ts'
import type { ContainerImage } from '../../tools/container-archive/image.ts'
import { readContainerArchive } from '../../tools/container-archive/read.ts'
import { answerOf } from '../../tools/run-to-end.ts'
import { findProgram } from '../../tools/system-packages.ts'
import { type DockerfileFacts, readDockerfile } from './dockerfile.ts'

/** What build the image of a Dockerfile, the likeliest first. */
const builders = ['docker', 'podman', 'buildah'] as const
export type Builder = (typeof builders)[number]

/** What a folder tells about its service. */
export interface Survey {
  /** Fit for a group, an image and a file. */
  readonly name: string
  /** What git calls the present commit; absent: no commit, or no git. */
  readonly described?: string | undefined
  /** Of package.json. */
  readonly version?: string | undefined
  readonly dockerfile?: { readonly file: string; readonly facts: DockerfileFacts } | undefined
  readonly builder?: Builder | undefined
  readonly archive?: { readonly file: string; readonly image: ContainerImage } | undefined
  /** Whether an editor finds the type of the configuration. */
  readonly hasTypes: boolean
}

export async function surveyOf(folder: string): Promise<Survey> {
  const { version, dependencies, devDependencies } = manifestOf(folder)
  const dockerfile = ['Dockerfile', 'Containerfile'].find((file) => isFile(join(folder, file)))
  return {
    name: groupOf(folder),
    described: await describedBy(folder),
    version: typeof version === 'string' ? version : undefined,
    dockerfile:
      dockerfile === undefined
        ? undefined
        : { file: dockerfile, facts: readDockerfile(readFileSync(join(folder, dockerfile), 'utf8')) },
    builder: builders.find((program) => findProgram(program) !== undefined),
    archive: await archiveIn(folder),
    hasTypes: [dependencies, devDependencies].some((packages) => packages?.['bakeroll'] !== undefined),
  }
}

/** Not by a repository that only surrounds the folder, as one of a home with its dotfiles. */
async function describedBy(folder: string): Promise<string | undefined> {
  const git = async (...words: string[]) => (await answerOf(['git', '-C', folder, ...words])).trim()
  if ((await git('check-ignore', folder)) !== '') return undefined
  return (await git('describe', '--tags', '--always')) || undefined
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

interface Manifest {
  readonly version?: unknown
  readonly dependencies?: Readonly<Record<string, unknown>>
  readonly devDependencies?: Readonly<Record<string, unknown>>
}

/** Empty where there is none; npm says what is wrong with one. */
function manifestOf(folder: string): Manifest {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) ?? {}
  } catch {
    return {}
  }
}

/** The first file in the folder that is a container archive. */
async function archiveIn(folder: string): Promise<Survey['archive']> {
  const names = readdirSync(folder).filter(
    (name) => /\.(tar|tar\.gz|tgz|tar\.zst)$/.test(name) && isFile(join(folder, name)),
  )
  for (const file of names.sort()) {
    try {
      return { file, image: (await readContainerArchive(join(folder, file))).image }
    } catch (error) {
      // Some other tar.
      if (!(error instanceof OperatorError)) throw error
    }
  }
  return undefined
}
