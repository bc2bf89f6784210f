import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { nginxComplaint } from '../../nginx/complaint.ts'
import { nginxFile, renderNginx, type WantedNginx } from '../../nginx/nginx.ts'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { projectOf } from '../settings/project.ts'
import type { Settings } from '../settings/settings.ts'
import { runArguments, runFault, serviceAddress } from '../tools/run-arguments.ts'
import type { Home } from './home.ts'
import { type Service, serviceOf } from './service.ts'
import {
  type Architecture,
  buildArchive,
  findServiceImage,
  knownServiceImage,
  ownArchitecture,
  type ServiceImage,
  type ServiceImageTask,
} from './service-image.ts'

/** What goes into an image, whatever the platform. */
export interface ImageContent {
  readonly release: string
  readonly architecture: Architecture
  readonly service: Service
  readonly image: ServiceImage
  /** Debian packages beyond our own. */
  readonly packages: readonly string[]
  /** The user's Ansible roles, in the folder `path`. */
  readonly roles: Settings['image']['roles']
  readonly nginx: WantedNginx
}

export interface ContentRun {
  readonly release: string
  readonly home: Home
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Builds the user's service, or fetches it, and proves its container image. */
export async function imageContent(settings: Settings, run: ContentRun): Promise<ImageContent> {
  const task = taskOf(settings, run)
  const hasOwnNginx = settings.service.nginx !== undefined
  const complaint = hasOwnNginx ? await nginxComplaint(task.nginx) : undefined
  if (complaint !== undefined) run.progress.warn(`the nginx of this computer refuses ${complaint}`)
  const { build, image } = task.service
  if (build !== undefined) await buildArchive({ ...task, build })
  const found =
    image === undefined
      ? findServiceImage(task)
      : run.progress.step(`container image ${image}`, () => findServiceImage(task))
  return contentOf(settings, task, await found)
}

/** As far as it is known without effects: undefined when the service has to be built or fetched first. */
export async function plannedContent(settings: Settings, run: ContentRun): Promise<ImageContent | undefined> {
  const task = taskOf(settings, run)
  const image = await knownServiceImage(task)
  return image && contentOf(settings, task, image)
}

/** What a plan says before its own steps. */
export function buildSteps({ build, image }: Settings['service'], content: ImageContent | undefined): string[] {
  return [
    ...(build === undefined ? [] : [`run service.build: ${build}`]),
    ...(image === undefined || content !== undefined ? [] : [`fetch ${image}`]),
    ...(content === undefined ? ['bake it, unless there is an image with the same content'] : []),
  ]
}

interface ContentTask extends ServiceImageTask {
  readonly nginx: WantedNginx
}

/** Throws a usage error for what is wrong before anything is built. */
function taskOf(settings: Settings, run: ContentRun): ContentTask {
  // Paths in a configuration file start beside it, and so does its command.
  const project =
    settings.config === undefined ? projectOf(process.env['INIT_CWD'] ?? process.cwd()) : dirname(settings.config)
  const { architecture = ownArchitecture, roles } = settings.image
  assertRoles(roles)
  const service = serviceOf(settings.service)
  const nginx = nginxOf(run.release, service)
  renderNginx(nginx)
  return { ...run, service, architecture, project, nginx }
}

function contentOf({ image }: Settings, task: ContentTask, found: ServiceImage): ImageContent {
  const { release, architecture, service, nginx } = task
  const { packages, roles } = image
  const fault = runFault({ ...service, imageUser: found.user })
  if (fault !== undefined) throw new OperatorError('usage', fault)
  return { release, architecture, service, image: found, packages, roles, nginx }
}

/** Reads the user's lines or template, once. */
function nginxOf(release: string, service: Service): WantedNginx {
  const { port: upstreamPort, bodyLimit, answerTimeoutSeconds, versionPath } = service
  const own = service.nginx === undefined ? {} : nginxFile(service.nginx)
  const upstreamHost = serviceAddress(service.network)
  return { release, upstreamHost, upstreamPort, bodyLimit, answerTimeoutSeconds, versionPath, ...own }
}

/** Throws a usage error for a role that is not there. */
function assertRoles({ path, base, release }: ImageContent['roles']): void {
  const [first, ...others] = [...base, ...release]
  if (first === undefined) return
  if (path === undefined) {
    throw new OperatorError('usage', `image.roles names ${[first, ...others].join(', ')}, but not where they are`, {
      hint: "set image.roles.path, such as 'roles'",
    })
  }
  const absent = [first, ...others].find((name) => !existsSync(join(path, name, 'tasks')))
  if (absent === undefined) return
  throw new OperatorError('usage', `there is no role ${absent} in ${path} (image.roles.path)`, {
    hint: `a role has its tasks in ${join(path, absent, 'tasks', 'main.yml')}`,
  })
}

/** The files of a release on a machine, besides its container image: texts by the name of the role's variable. */
export function releaseFiles(content: ImageContent): Record<'nginx_conf' | 'service_json', string> {
  const { release, service, image, nginx } = content
  const { 'nginx.conf': nginx_conf = '' } = renderNginx(nginx)
  const { command, secrets } = service
  return {
    nginx_conf,
    service_json: `${JSON.stringify({
      image: `bakeroll/service:${release}`,
      arguments: runArguments({ ...service, imageUser: image.user }),
      command,
      secrets,
      user: image.user,
    })}\n`,
  }
}
