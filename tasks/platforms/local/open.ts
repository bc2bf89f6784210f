import { join } from 'node:path'
import { demoMinutes, demoReleases } from '../../lib/demo-estimate.ts'
import { limitsAt } from '../../lib/pace.ts'
import type { Platform } from '../../lib/platform.ts'
import type { Progress } from '../../lib/progress.ts'
import { probeInstance } from '../../tools/probe.ts'
import { chooseAccelerator } from '../../tools/qemu.ts'
import { checkHomeIsWritable, homeAt, keepClosed } from '../home.ts'
import type { Opening, OpenPlatform } from '../open-platform.ts'
import { releaseStore, withReleaseStore } from '../release-store.ts'
import { groupCheck, serviceOf } from '../service.ts'
import { basesOnlyOf } from './images.ts'
import { groupNames, openLocalPlatform } from './local.ts'
import { localPace } from './pace.ts'
import { checkArchitecture } from './resources.ts'
import { localSecrets } from './secrets.ts'

export function openLocalVerbs({ verb, settings, said, progress, signal, onExit }: Opening): OpenPlatform {
  const home = homeAt(settings.home)
  // `doctor` reports these as findings.
  if (verb !== 'doctor') {
    checkArchitecture()
    checkHomeIsWritable(home)
    keepClosed(home, onExit)
  }
  const { accelerator } = chooseAccelerator(settings.local.accelerator)
  const { cpus, memoryMib, network } = settings.local
  const machine = { accelerator, cpus, memoryMib, network }
  const pace = localPace(home, machine, settings.local.pace)
  const limits = () => limitsAt(pace().factor)
  const { healthPath, answerTimeoutSeconds } = serviceOf(settings.service)
  const expected = groupCheck(settings, said)
  const { port } = settings.local
  const open = (group: string) =>
    openLocalPlatform({ home, group, port, machine, healthPath, answerTimeoutSeconds, verb, limits })
  const source = { suite: settings.image.suite, diskGib: settings.image.baseDiskGib }
  const planned = async (release: string) => {
    const { plannedContent } = await import('../image-content.ts')
    return plannedContent(settings, { release, home, progress, signal })
  }
  const planDemo = async (releases: readonly string[]) => {
    const { planBake } = await import('./bakery.ts')
    const contents = await Promise.all(releases.map(planned))
    const plans = contents.flatMap((content) =>
      content === undefined ? [] : [planBake({ home, ...source, content, force: false })],
    )
    const counted = (part: 'release' | 'test') => plans.filter(({ work }) => work[part]).length
    const work = { base: plans.some((plan) => plan.work.base), releases: counted('release'), tests: counted('test') }
    return { work, pace: pace() }
  }
  const platform = open(settings.group)
  const telling: Platform = {
    ...platform,
    service: settings.service.name,
    launch(count) {
      tellRoot(progress)
      return platform.launch(count)
    },
  }
  const store = releaseStore(home, 'local', settings.group)
  return {
    platform: withReleaseStore(telling, home, store),
    releaseStore: store,
    secrets: localSecrets(join(home.groups, settings.group)),
    probe: ({ url }, expectedRelease) => probeInstance(url, expectedRelease, expected, limits().probeMs),
    groups: async () => {
      const groups = await Promise.all(groupNames(home).map((name) => open(name).group()))
      return groups.filter((group) => group !== undefined)
    },
    async bake({ release, force }, run) {
      const { bakeImage } = await import('./bakery.ts')
      const { imageContent } = await import('../image-content.ts')
      const content = await imageContent(settings, { release, home, ...run })
      const beforeMachines = () => tellRoot(progress)
      return bakeImage({ home, machine, pace, beforeMachines, ...source, content, expected, force, ...run })
    },
    async planBake({ release, force }) {
      const { planBake } = await import('./bakery.ts')
      const { buildSteps } = await import('../image-content.ts')
      const content = await planned(release)
      const steps = content === undefined ? [] : planBake({ home, ...source, content, force }).steps
      return [...buildSteps(settings.service, content), ...steps]
    },
    imageWith: async (content) => {
      const { planBake } = await import('./bakery.ts')
      return planBake({ home, ...source, content, force: false }).reusable?.id
    },
    planDemo,
    get instanceTimeoutSeconds() {
      return settings.roll.instanceTimeoutSeconds ?? limits().instanceSeconds
    },
    limits,
    async examine() {
      const { examineComputer } = await import('./doctor.ts')
      const { memoryMib } = settings.local
      const groupUrl = await open(settings.group)
        .group()
        .then((group) => group?.url)
      const { suite } = settings.image
      const { accelerator } = settings.local
      const minutesOfDemo = async () => {
        const { work, pace } = await planDemo(demoReleases)
        return demoMinutes(work, pace.factor)
      }
      return examineComputer({ home, port, groupUrl, accelerator, memoryMib, suite, pace: pace(), minutesOfDemo })
    },
    async superseded() {
      const { supersededLayers } = await import('./superseded.ts')
      return supersededLayers(home)
    },
    basesOnlyOf: async (imageIds) => basesOnlyOf(home, imageIds),
    targetsOf: async (instances) => instances.map(({ url }) => ({ url })),
  }
}

let isRootTold = false

/** HAProxy drops root privileges. QEMU cannot: its metadata service reads files that only root may read. */
function tellRoot(progress: Progress): void {
  if (process.getuid?.() !== 0 || isRootTold) return
  isRootTold = true
  progress.warn('bakeroll and its machines run as root; an ordinary user is enough, and safer')
}
