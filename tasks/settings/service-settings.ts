import { servicePath, timeFormat } from '../../checker/options/target-options.ts'
import { duration, oneOf, pairs, path, repeated, text, wholeNumber } from '../../checker/settings/kinds.ts'
import { optional, setting } from '../../checker/settings/setting.ts'
import { secretName } from '../lib/secrets.ts'
import { command, words } from './kinds.ts'
import { projectName } from './project.ts'

const baking = ['bake', 'demo'] as const
const probing = ['bake', 'deploy', 'roll', 'rollback', 'scale', 'heal', 'check'] as const
const variableName = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

/** A word that no shell interprets: blanks and commas are part of it. */
const argument = text('one word', /^[^\0]+$/, 'WORD')

const variables = pairs('NAME=value,...', (name) => variableName.test(name))

/**
 * The user's service. Without an archive, an image or a command it is the example in `app/`, whose facts are then the
 * defaults (`serviceOf`).
 */
export const serviceSettings = {
  name: setting(
    text('a name of letters, digits, . _ and -', /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'NAME'),
    ({ project }) => projectName(project),
    {
      help: 'whose images these are, in a home or an account with those of other services',
      verbs: [...baking, 'deploy', 'roll', 'rollback', 'release', 'images', 'destroy'],
      defaultHelp: "timeapp in a clone, else the project's name",
    },
  ),
  archive: optional(path('FILE'), {
    help: 'the container image as a file: of docker save, or an OCI layout',
    verbs: baking,
    defaultHelp: 'the example in app/',
  }),
  image: optional(text('a container image such as ghcr.io/acme/shop:1.4.0', /^[\w.:/@+-]+$/, 'REFERENCE'), {
    help: 'the container image in a registry, fetched when baking',
    verbs: baking,
  }),
  build: optional(command, { help: 'run this first, in the project: it makes the archive', verbs: baking }),
  port: optional(wholeNumber(1, 65_535, 'PORT'), {
    help: 'where the container listens',
    verbs: baking,
    defaultHelp: '8000',
  }),
  network: optional(oneOf(['bridge', 'host']), {
    help: "the container's network: one of its own, or the machine's",
    verbs: baking,
    defaultHelp: 'bridge',
  }),
  healthPath: optional(servicePath, {
    help: 'the path that answers 200 while the service is healthy',
    verbs: probing,
    defaultHelp: '/',
  }),
  versionPath: optional(servicePath, {
    help: 'the path of the release; nginx serves /version.txt itself, any other is asked of the service',
    verbs: probing,
    defaultHelp: '/version.txt',
  }),
  timePath: optional(servicePath, {
    help: 'the path that tells the time',
    verbs: probing,
    defaultHelp: 'service.healthPath',
  }),
  timeFormat: optional(timeFormat, {
    help: 'auto, iso8601, unix, unix-ms, http-date, time-of-day or json:<pointer>',
    verbs: probing,
    defaultHelp: 'http-date, the Date header of nginx; auto where service.timePath is set',
  }),
  env: setting<ReadonlyMap<string, string>>(variables, new Map(), {
    help: 'environment of the container, part of the image',
    verbs: baking,
  }),
  secrets: setting<readonly string[]>(words('names of letters, digits and _', secretName, 'NAME,...'), [], {
    help: 'environment variables whose values belong to the group: npm run secret -- set NAME',
    verbs: [...probing, 'secret'],
  }),
  testEnv: setting<ReadonlyMap<string, string>>(variables, new Map(), {
    help: 'values of the secrets while an image is tested',
    verbs: baking,
    isSecret: true,
  }),
  command: setting<readonly string[]>(repeated(argument), [], {
    help: "the container's command, one word each; empty: the image's own",
    verbs: baking,
  }),
  options: setting<readonly string[]>(repeated(argument), [], {
    help: 'further words for docker run, such as --cap-add=NET_RAW',
    verbs: baking,
  }),
  stopSeconds: setting(duration('s', 1000, 600_000), 40, {
    help: 'how long the container may take to stop',
    verbs: baking,
  }),
  memoryMib: optional(wholeNumber(16, 1_048_576), {
    help: 'memory of the container, MiB',
    verbs: baking,
    defaultHelp: 'no limit but that of the machine',
  }),
  cpus: optional(text('a number of processors such as 2 or 0.5', /^(?!0*\.?0*$)\d{1,3}(\.\d{1,2})?$/, 'NUMBER'), {
    help: 'processors of the container',
    verbs: baking,
    defaultHelp: 'all',
  }),
  pids: setting(wholeNumber(1, 1_000_000), 1000, { help: 'processes and threads of the container', verbs: baking }),
  bodyLimit: optional(text('a size such as 512k, 50m or 0 for any', /^\d{1,9}[kKmMgG]?$/, 'SIZE'), {
    help: 'the largest request body; nginx answers 413 beyond it',
    verbs: baking,
    defaultHelp: '1m',
  }),
  answerTimeoutSeconds: optional(duration('s', 1000), {
    help: 'how long the service may be silent within an answer; nginx answers 504 then',
    verbs: baking,
    defaultHelp: '1m',
  }),
  nginx: optional(path('FILE'), {
    help: "lines for nginx's server, or a whole template when its name ends in .mustache",
    verbs: baking,
  }),
  baseLayers: optional(wholeNumber(0, 127), {
    help: "how many of the image's lowest layers lie in the base layer, for quicker bakes",
    verbs: baking,
    defaultHelp: 'all up to the last large one',
  }),
}
