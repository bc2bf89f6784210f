import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { OperatorError } from '../../../lib/errors.ts'
import { isInstalled } from '../../../settings/own.ts'
import { clockFault, imageTestArguments, remedyFor } from '../../../tools/image-test.ts'
import { againWhenUnreachable, packerBuild } from '../../../tools/packer.ts'
import type { Recipe } from '../../recipe.ts'
import type { RoleVariables } from '../../role-variables.ts'
import { nginxVersionPath } from '../../service.ts'
import { imageTags } from '../names.ts'
import { type Ami, amiFrom, ownImages } from './ami-images.ts'
import { requireTokensDuring } from './builder-watch.ts'
import { amisIn, layerVariables, testVariables } from './packer-variables.ts'
import { describeSource, type SourceImage } from './source-image.ts'
import type { BakeRun } from './task.ts'

const project = join(import.meta.dirname, '../../../..')

export interface LayerInputs {
  readonly recipe: Recipe
  /** For both layers. */
  readonly variables: RoleVariables
}

export async function makeBaseAmi(run: BakeRun, { recipe, variables }: LayerInputs, source: SourceImage): Promise<Ami> {
  const folder = await workFolder(run, 'base')
  const name = `bakeroll-base-${recipe.base}-${timestamp()}-${run.bakeId}`
  const tags = await tagsOf(recipe, { layer: 'base', name, source: source.id })
  return buildLayer(run, { layers: 'base', name, source, tags, folder, variables })
}

/** Builds the image of a release on a base layer, not yet verified. */
export async function makeReleaseAmi(run: BakeRun, { recipe, variables }: LayerInputs, base: Ami): Promise<Ami> {
  const { aws } = run.task
  const folder = await workFolder(run, 'release')
  const name = `bakeroll-${recipe.release}-${timestamp()}-${run.bakeId}`
  const source = await describeSource(aws, {
    id: launchable(base),
    architecture: run.settings.architecture,
    who: `the base layer ${base.id}`,
  })
  const isOnBase = source.id === base.id
  const tags = await tagsOf(recipe, { layer: 'release', name, source: base.sourceImage })
  return buildLayer(run, { layers: isOnBase ? 'release' : 'base,release', name, source, tags, folder, variables })
}

/** Boots an instance of the image, tests it from inside before and after a reboot, and terminates it. */
export async function testAmi(run: BakeRun, ami: Ami): Promise<void> {
  const folder = await workFolder(run, 'test')
  const lines: { text: string; heardAt: number }[] = []
  const { service } = run.task.content
  // Values of secrets belong to groups, and the tested instance is of none; its user data are for others to see.
  const isLeftOut = service.secrets.length > 0
  if (isLeftOut) run.task.progress.warn('the test of the image leaves the service out: no secret has a value meanwhile')
  const healthPath = isLeftOut ? undefined : service.healthPath
  const versionPath = nginxVersionPath(service)
  const words = imageTestArguments(ami.release, { clockSeconds: 30, serviceSeconds: 180, healthPath, versionPath })
  const variables = testVariables(run, { image: launchable(ami), arguments: words, folder })
  const said = (text: string) => lines.push({ text, heardAt: Date.now() })
  try {
    await packer(run, { only: 'amazon-ebsvolume.test', variables, name: ami.name, folder, onLine: said })
  } catch (error) {
    if (!(error instanceof OperatorError) || error.kind !== 'failed') throw error
    throw untrue(ami, error.message.replace(/^packer failed: /, ''), error)
  }
  const fault = clockFault(lines)
  if (fault !== undefined) throw untrue(ami, fault)
}

function untrue(ami: Ami, what: string, cause?: unknown): OperatorError {
  const fault = what.replace(/^verify: /, '')
  return new OperatorError('failed', `the image ${ami.id} failed its test: ${fault}`, {
    hint: remedyFor(fault) ?? `npm run bake -- --platform aws --release ${ami.release} --force bakes it again`,
    cause,
  })
}

function launchable(ami: Ami): string {
  if (ami.rootDeviceType === 'ebs') return ami.id
  throw new OperatorError('failed', `the root device of ${ami.id} is ${ami.rootDeviceType}, expected ebs`)
}

interface Layer {
  readonly layers: 'base' | 'release' | 'base,release'
  readonly name: string
  readonly source: SourceImage
  readonly tags: Readonly<Record<string, string>>
  readonly folder: string
  readonly variables: RoleVariables
}

async function buildLayer(run: BakeRun, { folder, ...layer }: Layer): Promise<Ami> {
  const manifest = join(folder, 'manifest.json')
  const extraVars = join(run.paths.scratchFolder, 'variables.json')
  await writeFile(extraVars, JSON.stringify(run.paths.ofAll(layer.variables)))
  const isDelivered = layer.layers !== 'base'
  const ofPacker = layerVariables(run, { ...layer, isDelivered, manifest, extraVars })
  await packer(run, { only: 'amazon-ebs.machine', variables: ofPacker, name: layer.name, folder })
  const id = amisIn(await readFile(manifest, 'utf8')).get(run.region)
  if (id === undefined) throw new OperatorError('failed', `${manifest} names no image in ${run.region}`)
  const [image] = await ownImages(run.task.aws.ec2, [{ Name: 'image-id', Values: [id] }])
  if (image === undefined) throw new OperatorError('failed', `Packer reported ${id}, but there is no such image`)
  return amiFrom(image)
}

interface PackerTask {
  readonly only: string
  readonly variables: Readonly<Record<string, string>>
  readonly name: string
  readonly folder: string
  readonly onLine?: (line: string) => void
}

async function packer(run: BakeRun, { only, variables, name, folder, onLine }: PackerTask): Promise<void> {
  const { aws, home, progress, signal } = run.task
  await mkdir(join(home, 'logs'), { recursive: true, mode: 0o700 })
  const build = { template: join(project, 'packer'), only, onError: 'cleanup' as const, variables }
  const once = (stop: AbortSignal) =>
    packerBuild(build, {
      logFile: join(home, 'logs', `${name}.log`),
      workFolder: folder,
      paths: run.paths,
      signal: stop,
      onTask: (task) => progress.live([`  ${task}`]),
      env: run.env,
      cleanUpSeconds: 600,
      pidFile: join(run.folder, 'packer.pid'),
      ...(onLine === undefined ? {} : { onLine }),
    })
  const { machines } = await againWhenUnreachable(progress, () =>
    requireTokensDuring(aws, machineOf(run), signal, once),
  )
  progress.live([])
  if (machines.length === 0) progress.warn('the builder was gone before IMDSv2 tokens could be made mandatory on it')
}

/** A key pair from the user's settings may belong to other machines as well, so the tag identifies the builder then. */
function machineOf({ settings, bakeId, keyPair }: BakeRun) {
  return settings.packerVariables.has('ssh_keypair_name')
    ? { Name: `tag:${imageTags.bake}`, Values: [bakeId] }
    : { Name: 'key-name', Values: [keyPair.name] }
}

async function tagsOf(
  recipe: Recipe,
  { layer, name, source }: { layer: 'base' | 'release'; name: string; source: string },
): Promise<Record<string, string>> {
  const revision = await gitRevision()
  return {
    Name: name,
    [imageTags.layer]: layer,
    [imageTags.base]: recipe.base,
    [imageTags.sourceImage]: source,
    ...(layer === 'release' ? releaseTags(recipe) : {}),
    ...(revision === undefined ? {} : { [imageTags.gitRevision]: revision }),
  }
}

function releaseTags({ release, service, content }: Recipe): Record<string, string> {
  return { [imageTags.release]: release, [imageTags.service]: service, [imageTags.content]: content }
}

/** The project's commit, `-dirty` appended when files differ; `undefined` outside a clone. */
async function gitRevision(): Promise<string | undefined> {
  const argv = [
    '-C',
    isInstalled ? process.cwd() : project,
    'describe',
    '--always',
    '--dirty',
    '--abbrev=40',
    '--exclude=*',
  ]
  const { stdout, failed } = await execa('git', argv, { reject: false })
  return failed ? undefined : stdout.trim() || undefined
}

async function workFolder(run: BakeRun, name: string): Promise<string> {
  const folder = join(run.folder, name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** `20261121113045`. */
function timestamp(): string {
  return new Date().toISOString().slice(0, 19).replace(/\D/g, '')
}
