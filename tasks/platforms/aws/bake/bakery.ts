import { join } from 'node:path'
import { checkPacker } from '../../../tools/packer-plugins.ts'
import { type Recipe, recipeFor } from '../../recipe.ts'
import { roleVariables } from '../../role-variables.ts'
import { deprecateAfter, everywhere, markVerified, requireTokensOf } from './ami-finish.ts'
import { type Ami, listAmis, newestBaseAmi } from './ami-images.ts'
import { type LayerInputs, makeBaseAmi, makeReleaseAmi, testAmi } from './ami-layers.ts'
import type { BakeSettings } from './architecture.ts'
import { checkBakeSettings, checkBuilder } from './bake-checks.ts'
import { accountOf, withBakeRun } from './bake-run.ts'
import { removeOrphanedBakes } from './orphaned-bakes.ts'
import { findSourceImage } from './source-image.ts'
import type { AmiBakeTask, BakeRun, WantedAmi } from './task.ts'

export interface AmiBakeResult {
  readonly image: Ami
  readonly reused: boolean
}

/** What a bake would do, in words, without effects. */
export interface AmiBakePlan {
  readonly recipe: Recipe
  readonly steps: readonly string[]
  readonly reusable: Ami | undefined
}

/** Plans a bake; throws a usage error when settings contradict each other. */
export async function planAmiBake(task: WantedAmi): Promise<AmiBakePlan> {
  const { aws, settings, content, force } = task
  const { release } = content
  checkBakeSettings(settings)
  const recipe = recipeFor(content, sourceOf(settings))
  const known = (await listAmis(aws)).find((ami) => ami.contentHash === recipe.content)
  const reusable = force ? undefined : known
  if (reusable?.verified) return { recipe, reusable, steps: [`reuse ${reusable.id}: same content`] }
  const steps = [`boot and test the image of release ${release}`]
  if (reusable !== undefined) return { recipe, reusable, steps }
  steps.unshift(`bake release ${release} on the base layer ${recipe.base}`)
  if (force || (await newestBaseAmi(aws, recipe.base)) === undefined) {
    const { id, name } = await findSourceImage(aws, settings)
    steps.unshift(`make the base layer ${recipe.base} on ${id} (${name})`)
  }
  return { recipe, reusable, steps }
}

/**
 * Returns the verified AMI of a release. Unless an identical one exists, builds the base layer and the release layer,
 * then tests the result on a temporary instance. Removes what killed bakes of this home left behind. There is no lock:
 * two computers that bake the same release at once make two separate images, which is harmless.
 */
export async function bakeAmi(task: AmiBakeTask): Promise<AmiBakeResult> {
  const { aws, home, settings, progress } = task
  const { recipe, reusable } = await planAmiBake(task)
  if (reusable?.verified) return { image: reusable, reused: true }
  await checkPacker()
  const [account, vpcId] = await Promise.all([accountOf(aws), checkBuilder(aws, settings)])
  const removed = await removeOrphanedBakes(aws, home, account)
  if (removed.length > 0) progress.event(`removed what a killed bake left: ${removed.join(', ')}`)
  return withBakeRun(task, { account, vpcId }, async (run) => {
    const variables = reusable === undefined ? await roleVariables(task.content, join(run.folder, 'files')) : {}
    const image = reusable ?? (await makeImage(run, { recipe, variables }))
    const places = await everywhere(aws, image, settings.copyRegions)
    for (const place of places) await requireTokensOf(place)
    await progress.step(`boot and test ${image.id}`, () => testAmi(run, image))
    // From here on it may be deployed, in every region that has it.
    const now = new Date()
    for (const place of places) {
      if (settings.deprecateAfterDays !== undefined) await deprecateAfter(place, settings.deprecateAfterDays, now)
      await markVerified(place, now)
    }
    return { image: { ...image, verified: true }, reused: false }
  })
}

async function makeImage(run: BakeRun, inputs: LayerInputs): Promise<Ami> {
  const { recipe } = inputs
  const { aws, force, settings, progress } = run.task
  const known = force ? undefined : await newestBaseAmi(aws, recipe.base)
  const makeBase = async () => makeBaseAmi(run, inputs, await findSourceImage(aws, settings))
  const base = known ?? (await progress.step('base layer by Packer and Ansible', makeBase))
  return progress.step(`release ${recipe.release}`, () => makeReleaseAmi(run, inputs, base))
}

/**
 * The base layer's inputs besides the roles. The id of the newest source image is left out: Debian publishes one every
 * few weeks, and `--force` decides when to pick it up.
 */
function sourceOf({ sourceOwner, sourceName, sourceParameter, packerVariables }: BakeSettings): object {
  const source = sourceParameter === undefined ? { sourceOwner, sourceName } : { sourceParameter }
  const ofContent = ['source_image', 'volume_gib'].filter((name) => packerVariables.has(name))
  return {
    platform: 'aws',
    ...source,
    ...Object.fromEntries(ofContent.map((name) => [name, packerVariables.get(name)])),
  }
}
