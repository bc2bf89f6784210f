import type { CheckTarget } from '../../../checker/probe/target.ts'
import { OperatorError } from '../../lib/errors.ts'
import { cloudFactor, limitsAt } from '../../lib/pace.ts'
import { checkHomeIsWritable, homeAt, keepClosed } from '../home.ts'
import type { ImageContent } from '../image-content.ts'
import type { Opening, OpenPlatform } from '../open-platform.ts'
import { releaseStore, withReleaseStore } from '../release-store.ts'
import { groupCheck, serviceOf } from '../service.ts'
import { openAccess } from './access/access.ts'
import { openInstanceProbe } from './access/instance-probe.ts'
import { openAwsPlatform } from './aws.ts'
import { openAws } from './clients.ts'
import { absenceOf, remainsOf } from './group/broken-group.ts'
import { recordedGroups } from './group/record.ts'
import { awsSecrets } from './group/secrets.ts'
import { openInfrastructure } from './infrastructure/infrastructure.ts'
import { namesOf } from './names.ts'

/** Time for an instance to become ready, and for Auto Scaling to start a launch. */
const usualSeconds = { instance: 600, launch: 300 }

/** Verbs that probe instances to establish readiness. */
const provingVerbs: ReadonlySet<string> = new Set(['deploy', 'roll', 'rollback', 'release', 'scale', 'heal'])

export async function openAwsVerbs({ verb, settings, said, progress, onExit, signal }: Opening): Promise<OpenPlatform> {
  const home = homeAt(settings.home)
  if (verb !== 'doctor') {
    checkHomeIsWritable(home)
    keepClosed(home, onExit)
  }
  const aws = openAws(settings.aws, signal)
  const mode = settings.aws.reach
  const endpoint = process.env['AWS_ENDPOINT_URL']
  if (endpoint && verb !== 'doctor') progress.event(`AWS requests go to ${endpoint} (AWS_ENDPOINT_URL)`)
  // Without a region the first call fails with a message; `doctor` reports it as a finding.
  const region = await aws.region().catch(() => undefined)
  const shared = {
    aws,
    region,
    signal,
    progress,
    url: settings.aws.url,
    copyRegions: settings.aws.copyRegions,
    launch: { timeoutSeconds: usualSeconds.launch, pollMs: 1000 },
  }
  const { healthPath, answerTimeoutSeconds } = serviceOf(settings.service)
  const { architecture } = settings.image
  const expected = groupCheck(settings, said)
  const partsOf = (group: string) => {
    const { home } = settings
    const { profile } = settings.aws
    return {
      group,
      access: openAccess({ aws, mode, home, group, profile, signal, onWait: progress.event }),
      infrastructure: openInfrastructure({
        aws,
        names: namesOf(group),
        home,
        settings: { ...settings.aws, healthPath, answerTimeoutSeconds, architecture },
      }),
    }
  }
  const parts = partsOf(settings.group)
  const { access, infrastructure } = parts
  const store = releaseStore(home, region === undefined ? 'aws' : `aws-${region}`, settings.group)
  const platform = withReleaseStore(openAwsPlatform({ ...shared, ...parts }), home, store)
  // Report missing access to instances before any change, not midway.
  const isPlan = verb === 'deploy' && settings.dryRun
  if (provingVerbs.has(verb) && !isPlan && (mode !== 'none' || verb === 'release')) await access.assertReady()
  const instanceProbe = openInstanceProbe(access, expected)
  onExit(() => instanceProbe.close())
  const bakery = async (content: ImageContent) => {
    const { bakeSettings } = await import('./bake/architecture.ts')
    return {
      aws,
      home: settings.home,
      content,
      settings: bakeSettings(settings.aws, settings.image.suite, content.architecture),
    }
  }
  return {
    platform: { ...platform, service: settings.service.name },
    releaseStore: store,
    infrastructure,
    secrets: awsSecrets(aws, namesOf(settings.group)),
    probe: instanceProbe.probe,
    groups: async () => {
      const groups = await Promise.all(
        (await recordedGroups(aws)).map((name) =>
          openAwsPlatform({ ...shared, ...partsOf(name) })
            .group()
            .catch((error: unknown) => {
              if (error instanceof OperatorError && error.isOfBrokenGroup) return remainsOf(aws, namesOf(name))
              throw error
            }),
        ),
      )
      return groups.filter((group) => group !== undefined)
    },
    async bake({ release, force }, run) {
      const { bakeAmi } = await import('./bake/bakery.ts')
      const { imageContent } = await import('../image-content.ts')
      const content = await imageContent(settings, { release, home, ...run })
      return bakeAmi({ ...(await bakery(content)), force, ...run })
    },
    async planBake({ release, force }) {
      const { planAmiBake } = await import('./bake/bakery.ts')
      const { buildSteps, plannedContent } = await import('../image-content.ts')
      const content = await plannedContent(settings, { release, home, progress, signal })
      const steps = content === undefined ? [] : (await planAmiBake({ ...(await bakery(content)), force })).steps
      return [...buildSteps(settings.service, content), ...steps]
    },
    imageWith: async (content) => {
      const { planAmiBake } = await import('./bake/bakery.ts')
      return (await planAmiBake({ ...(await bakery(content)), force: false })).reusable?.id
    },
    instanceTimeoutSeconds: settings.roll.instanceTimeoutSeconds ?? usualSeconds.instance,
    limits: () => limitsAt(cloudFactor),
    async examine() {
      const { examineAccount } = await import('./doctor/doctor.ts')
      const { profile, builderInterface } = settings.aws
      return examineAccount({ aws, home, group: settings.group, reach: mode, profile, builderInterface })
    },
    targetsOf: (instances) =>
      Promise.all(instances.map(async (one) => targetOf(one.id, await instanceProbe.urlFor(one)))),
    absence: () => absenceOf(aws, namesOf(settings.group)),
    async superseded() {
      const { supersededVersions } = await import('./group/template-versions.ts')
      const groups = await Promise.all(
        (await recordedGroups(aws)).map((name) => supersededVersions(aws, namesOf(name))),
      )
      return groups.flat()
    },
    async drift() {
      const { detectDrift } = await import('./cloudformation/drift.ts')
      const { networkStack, serviceStack } = namesOf(settings.group)
      return (await Promise.all([networkStack, serviceStack].map((stack) => detectDrift(aws, stack)))).flat()
    },
  }
}

/** The report names the target by its instance id, although it is reached at another address. */
function targetOf(id: string, url: string): CheckTarget {
  const { protocol, hostname, port } = new URL(url)
  return { url: `${protocol}//${id}${port === '' ? '' : `:${port}`}`, address: hostname }
}
