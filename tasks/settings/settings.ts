import { options } from '../../checker/options/options.ts'
import { duration, oneOf, path, text, wholeNumber } from '../../checker/settings/kinds.ts'
import {
  flagsIn,
  type KeysOf,
  optional,
  type Setting,
  setting,
  settingsIn,
  toggle,
  type ValuesOf,
} from '../../checker/settings/setting.ts'
import { type Repair, repairs } from '../lib/heal/planner.ts'
import { expectedRelease, releasePattern } from '../lib/release-name.ts'
import { awsSettings } from './aws-settings.ts'
import { instanceId, size, words } from './kinds.ts'
import { projectName, releaseOf } from './project.ts'
import { rollSettings, simulateSettings } from './roll-settings.ts'
import { serviceSettings } from './service-settings.ts'
import type { VerbName } from './verbs.ts'

const launching = ['bake', 'deploy', 'roll', 'rollback', 'scale', 'heal', 'demo'] as const
const roleName = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Belongs to a single run, so it cannot be left on in a file or the environment. */
const ofOneRun = { elsewhere: 'nowhere' } as const

/** Every setting. Flags, environment, configuration file, help, reference and completion all follow from this table. */
export const table = {
  platform: setting(oneOf(['local', 'aws']), 'local', {
    help: 'where the group lives',
    flag: 'platform',
    verbs: 'every',
  }),
  group: setting(
    text('a name of a-z, 0-9 and -, at most 32 letters, a letter first', /^[a-z][a-z0-9-]{0,31}$/, 'NAME'),
    ({ project }) => projectName(project),
    {
      help: 'the group to work on',
      flag: 'group',
      verbs: 'every',
      defaultHelp: "timeapp in a clone, else the project's name",
    },
  ),
  config: optional(path('FILE'), {
    help: 'the configuration file',
    flag: 'config',
    elsewhere: 'environment',
    verbs: 'every',
    defaultHelp: 'bakeroll.config.mts or .ts, if there is one',
  }),
  json: toggle({ help: 'one JSON document on stdout instead of a line', flag: 'json', verbs: 'every' }),
  yes: toggle({ help: 'ask nothing, the answer is yes', flag: 'yes', verbs: 'every' }),
  verbose: toggle({
    help: 'show the output of the outside programs, and the causes of a failure',
    flag: 'verbose',
    verbs: 'every',
  }),
  home: setting(path('FOLDER'), ({ project }) => `${project}/.bakeroll`, {
    help: 'where local state lives',
    verbs: 'every',
    defaultHelp: '.bakeroll beside package.json, or the configuration file',
  }),

  release: setting(text(expectedRelease, releasePattern, 'RELEASE'), ({ project }) => releaseOf(project), {
    help: 'the release to bake, or to bring to the running instances',
    flag: 'release',
    verbs: ['bake', 'release'],
    defaultHelp: 'the version in package.json',
  }),
  /** Image id or release, from `--image`. */
  wantedImage: optional(text('an image id or a release', /^[0-9A-Za-z][0-9A-Za-z._-]*$/, 'IMAGE'), {
    help: 'image id or release to run',
    flag: 'image',
    ...ofOneRun,
    verbs: ['deploy', 'roll'],
    defaultHelp: 'the newest verified image; deploy: of an existing group its own',
  }),
  size: optional(size, {
    help: 'number of instances',
    flag: 'size',
    verbs: ['deploy'],
    defaultHelp: "the group's own, 2 for a new group",
  }),
  instance: optional(instanceId, {
    help: 'only this instance',
    flag: 'instance',
    ...ofOneRun,
    verbs: ['heal', 'logs', 'ssh'],
  }),
  force: toggle({
    help: 'do it even if it is done: bake again, replace every instance, bring the release again',
    flag: 'force',
    ...ofOneRun,
    verbs: ['bake', 'roll', 'release'],
  }),
  dryRun: toggle({
    help: 'only show what would be done',
    flag: 'dry-run',
    otherFlag: 'plan',
    ...ofOneRun,
    verbs: ['init', 'bake', 'deploy', 'roll', 'rollback', 'release', 'heal', 'images'],
  }),

  local: {
    port: setting(wholeNumber(1, 65535, 'PORT'), 8080, {
      help: 'where the local load balancer listens on 127.0.0.1',
      verbs: ['demo', 'deploy'],
    }),
    accelerator: setting(oneOf(['auto', 'kvm', 'tcg']), 'auto', {
      help: 'how QEMU runs the machines; tcg is plain emulation',
      verbs: [...launching, 'doctor'],
    }),
    memoryMib: setting(wholeNumber(384, 65536), 768, {
      help: 'memory of each local machine, MiB',
      verbs: launching,
    }),
    /** The factor for all time limits; undefined: measured. */
    pace: optional(wholeNumber(1, 100), {
      help: 'by how much everything takes longer here than on a quiet computer with KVM: all time limits follow it',
      verbs: [...launching, 'doctor'],
      defaultHelp: 'measured',
    }),
    cpus: setting(wholeNumber(1, 64), 2, { help: 'processors of each local machine', verbs: launching }),
    network: setting(oneOf(['closed', 'open']), 'closed', {
      help: 'whether a new instance reaches anything by itself: open to a service that must call out',
      verbs: launching,
    }),
  },
  aws: awsSettings,
  image: {
    suite: setting(text('the name of a Debian suite like bookworm', /^[a-z][a-z-]*$/, 'SUITE'), 'bookworm', {
      help: 'the Debian suite inside the image',
      verbs: ['bake', 'demo'],
    }),
    architecture: optional(oneOf(['amd64', 'arm64']), {
      help: 'the processor that the image is for',
      verbs: ['bake', 'demo'],
      defaultHelp: "this computer's",
    }),
    baseDiskGib: setting(wholeNumber(2, 1024), 4, {
      help: 'size of the disk of an image, GiB',
      verbs: ['bake', 'demo'],
    }),
    packages: setting<readonly string[]>(
      words('names of Debian packages', /^[a-z0-9][a-z0-9+.-]+$/, 'PACKAGE,...'),
      [],
      {
        help: 'further Debian packages',
        verbs: ['bake', 'demo'],
      },
    ),
    roles: {
      path: optional(path('FOLDER'), { help: 'a folder of Ansible roles', verbs: ['bake', 'demo'] }),
      base: setting<readonly string[]>(words('names of roles', roleName, 'ROLE,...'), [], {
        help: 'the roles of it that belong to the base layer',
        verbs: ['bake', 'demo'],
      }),
      release: setting<readonly string[]>(words('names of roles', roleName, 'ROLE,...'), [], {
        help: 'the roles of it that belong to each release',
        verbs: ['bake', 'demo'],
      }),
    },
  },

  service: serviceSettings,

  images: {
    keep: setting(wholeNumber(0, 1000), 3, {
      help: 'how many of the newest verified images stay although nothing needs them',
      flag: 'keep',
    }),
    retire: toggle({ help: 'remove the images that nothing needs', flag: 'retire', ...ofOneRun }),
  },
  roll: rollSettings,
  simulate: simulateSettings,
  heal: {
    maxRepair: setting<Repair>(oneOf(repairs), 'replace', {
      help: 'the largest repair allowed',
      flag: 'max-repair',
    }),
  },

  check: { ...options, instances: toggle({ help: 'check each instance, too', flag: 'instances' }) },
  demo: { keep: toggle({ help: 'leave the group running', flag: 'keep', ...ofOneRun }) },
  deploy: {
    allowRisky: toggle({
      help: 'do unattended what widens access or replaces what holds state',
      flag: 'allow-risky',
      ...ofOneRun,
    }),
  },
  status: {
    drift: toggle({ help: 'also show what was changed outside CloudFormation', flag: 'drift', ...ofOneRun }),
  },
  destroy: { images: toggle({ help: 'remove the images, too', flag: 'images', ...ofOneRun }) },
  logs: {
    follow: toggle({ help: 'keep printing new lines', flag: 'follow', ...ofOneRun }),
    sinceSeconds: optional(duration('s'), { help: 'only lines of the last 10m, 2h, ...', flag: 'since', ...ofOneRun }),
    grep: optional(text('some text', /\S/, 'TEXT'), {
      help: 'only lines that contain this',
      flag: 'grep',
      ...ofOneRun,
    }),
  },
}

/** From flags, environment, configuration file and defaults. Paths are absolute. */
export type Settings = ValuesOf<typeof table>

/** The dotted name of a setting, `roll.surge`. */
export type SettingKey = KeysOf<typeof table>

/** The default export of a configuration file: `export default { group: 'shop' } satisfies Config`. */
export type Config = ConfigOf<typeof table> & {
  /** Another name of `surge`. */
  readonly roll?: { readonly batch?: string | number }
}

type ConfigOf<Of> = {
  readonly [Name in keyof Of]?: Of[Name] extends Setting<infer Value> ? ConfigValue<Value> : ConfigOf<Of[Name]>
}

/** Strings keep their words; a value with another final type is written as text or number, lists as lists. */
type ConfigValue<Value> =
  NonNullable<Value> extends string | boolean
    ? Value
    : NonNullable<Value> extends ReadonlyMap<string, string>
      ? { readonly [name: string]: string | number | boolean }
      : string | number | readonly (string | number)[]

/** Every setting by its dotted name, in the order of the table. */
export const settings = settingsIn(table)

/** The settings that a verb has flags for. */
export function settingsOf(verb: VerbName): ReadonlyMap<string, Setting<unknown>> {
  return new Map(
    [...settings].filter(([, { flag, verbs }]) => flag !== undefined && (verbs === 'every' || verbs?.includes(verb))),
  )
}

/** The flags of a verb, each with its key. */
export function flagsOf(verb: VerbName): ReadonlyMap<string, string> {
  return flagsIn(settingsOf(verb))
}

/** Empty when every verb has the flag, or none. */
export function verbsWithFlag(flag: string): readonly string[] {
  const takers = [...settings.values()].filter((one) => one.flag === flag || one.otherFlag === flag)
  return takers.flatMap(({ verbs = [] }) => (verbs === 'every' ? [] : verbs))
}
