import { repairs } from '../lib/heal/planner.ts'
import { awsSettings } from './aws-settings.ts'
import { checkSettings } from './check-settings.ts'
import { duration, oneOf, path, text, wholeNumber } from './kinds.ts'
import { packageVersion } from './package-version.ts'
import { rollSettings, simulateSettings } from './roll-settings.ts'
import { type Setting, toggle, toggleOfOneRun } from './setting.ts'
import type { SettingKey, SettingValue } from './settings.ts'

const anyText = text('some text', /\S/, 'TEXT')
const launching = ['bake', 'deploy', 'roll', 'rollback', 'scale', 'heal', 'demo'] as const
const releasePattern = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/

/** Every setting there is. Help, flags, environment and configuration file all follow from this table. */
export const settingsTable: { readonly [Key in SettingKey]: Setting<SettingValue<Key>> } = {
  platform: {
    kind: oneOf(['local', 'aws']),
    help: 'where the group lives',
    flag: 'platform',
    verbs: 'every',
    default: 'local',
  },
  group: {
    kind: text('a name of a-z, 0-9 and -, at most 32 letters, a letter first', /^[a-z][a-z0-9-]{0,31}$/, 'NAME'),
    help: 'the group to work on',
    flag: 'group',
    verbs: 'every',
    default: 'timeapp',
  },
  config: {
    kind: path('FILE'),
    help: 'the configuration file',
    flag: 'config',
    elsewhere: 'environment',
    verbs: 'every',
    default: undefined,
    defaultHelp: 'bakeroll.config.ts, if there is one',
  },
  json: toggle('one JSON document on stdout instead of a line', 'json', 'every'),
  yes: toggle('ask nothing, the answer is yes', 'yes', 'every'),
  verbose: toggle('show the output of the outside programs, and the causes of a failure', 'verbose', 'every'),
  home: {
    kind: path('FOLDER'),
    help: 'where local state lives',
    verbs: 'every',
    default: ({ repository }) => `${repository}/.bakeroll`,
    defaultHelp: '.bakeroll beside package.json',
  },

  release: {
    kind: text('a version like 1.4.0 or 1.4.0-rc.1', releasePattern, 'VERSION'),
    help: 'the release to bake',
    flag: 'release',
    verbs: ['bake'],
    default: ({ repository }) => packageVersion(repository),
    defaultHelp: 'the version in package.json',
  },
  wantedImage: {
    kind: text('an image id or a release', /^[0-9A-Za-z][0-9A-Za-z._-]*$/, 'IMAGE'),
    help: 'image id or release to run',
    flag: 'image',
    elsewhere: 'nowhere',
    verbs: ['deploy', 'roll'],
    default: undefined,
    defaultHelp: 'the newest verified image; deploy: of an existing group its own',
  },
  size: {
    kind: wholeNumber(1, 1000),
    help: 'number of instances',
    flag: 'size',
    verbs: ['deploy'],
    default: undefined,
    defaultHelp: "the group's own, 2 for a new group",
  },
  instance: {
    kind: text('an instance id', /^[0-9A-Za-z][0-9A-Za-z._-]*$/, 'ID'),
    help: 'only this instance',
    flag: 'instance',
    elsewhere: 'nowhere',
    verbs: ['heal', 'logs', 'ssh'],
    default: undefined,
  },
  force: toggleOfOneRun('do it again although it is done: bake anew, replace every instance', 'force', [
    'bake',
    'roll',
  ]),
  dryRun: {
    ...toggleOfOneRun('tell what would be done, and do nothing', 'dry-run', [
      ...(['bake', 'deploy', 'roll', 'rollback', 'heal', 'images'] as const),
    ]),
    otherFlag: 'plan',
  },

  'local.port': {
    kind: wholeNumber(1, 65535, 'PORT'),
    help: 'where the local load balancer listens on 127.0.0.1',
    verbs: ['demo', 'deploy'],
    default: 8080,
  },
  'local.accelerator': {
    kind: oneOf(['auto', 'kvm', 'tcg']),
    help: 'how QEMU runs the machines; tcg is plain emulation',
    verbs: [...launching, 'doctor'],
    default: 'auto',
  },
  'local.memoryMib': {
    kind: wholeNumber(384, 65536),
    help: 'memory of each local machine, MiB',
    verbs: launching,
    default: 768,
  },
  'local.pace': {
    kind: wholeNumber(1, 100),
    help: 'by how much everything takes longer here than on a quiet computer with KVM: all time limits follow it',
    verbs: [...launching, 'doctor'],
    default: undefined,
    defaultHelp: 'measured',
  },
  'local.cpus': { kind: wholeNumber(1, 64), help: 'processors of each local machine', verbs: launching, default: 2 },
  'local.network': {
    kind: oneOf(['closed', 'open']),
    help: 'whether a new instance reaches anything by itself: open to a service that must call out',
    verbs: launching,
    default: 'closed',
  },
  ...awsSettings,
  'image.suite': {
    kind: text('the name of a Debian suite like bookworm', /^[a-z][a-z-]*$/, 'SUITE'),
    help: 'the Debian suite inside the image',
    verbs: ['bake', 'demo'],
    default: 'bookworm',
  },
  'image.baseDiskGib': {
    kind: wholeNumber(2, 1024),
    help: 'size of the disk of an image, GiB',
    verbs: ['bake', 'demo'],
    default: 4,
  },

  'images.keep': {
    kind: wholeNumber(0, 1000),
    help: 'how many of the newest verified images stay although nothing needs them',
    flag: 'keep',
    verbs: ['images'],
    default: 3,
  },
  'images.retire': toggleOfOneRun('remove the images that nothing needs', 'retire', ['images']),
  ...rollSettings,
  ...simulateSettings,
  'heal.maxRepair': {
    kind: oneOf(repairs),
    help: 'the largest repair allowed',
    flag: 'max-repair',
    verbs: ['heal'],
    default: 'replace',
  },

  ...checkSettings,
  'demo.keep': toggleOfOneRun('leave the group running', 'keep', ['demo']),
  'deploy.allowRisky': toggleOfOneRun('do unattended what widens access or replaces what holds state', 'allow-risky', [
    'deploy',
  ]),
  'status.drift': toggleOfOneRun('also say what was changed behind the back of CloudFormation', 'drift', ['status']),
  'destroy.images': toggleOfOneRun('remove the images, too', 'images', ['destroy']),
  'logs.follow': toggleOfOneRun('go on as new lines come', 'follow', ['logs']),
  'logs.sinceSeconds': {
    kind: duration('s'),
    help: 'only lines of the last 10m, 2h, ...',
    flag: 'since',
    elsewhere: 'nowhere',
    verbs: ['logs'],
    default: undefined,
  },
  'logs.grep': {
    kind: anyText,
    help: 'only lines that contain this',
    flag: 'grep',
    elsewhere: 'nowhere',
    verbs: ['logs'],
    default: undefined,
  },
}
