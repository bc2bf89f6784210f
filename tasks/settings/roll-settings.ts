import { countOrPercent, countsOrPercents, duration, list, oneOf, path, text, wholeNumber } from './kinds.ts'
import type { Setting } from './setting.ts'
import type { SettingKey, SettingValue } from './settings.ts'

type Table<Section extends string> = {
  readonly [Key in Extract<SettingKey, `${Section}.${string}`>]: Setting<SettingValue<Key>>
}

const rolling = ['roll', 'rollback'] as const
const instanceId = /^[0-9A-Za-z][0-9A-Za-z._-]*$/
const command = text('a command for the shell', /\S/, 'COMMAND')

/** The settings of `roll` and `rollback`. */
export const rollSettings: Table<'roll'> = {
  'roll.batch': {
    kind: countOrPercent(),
    help: "how many machines above the group's size, so how many are replaced at a time",
    flag: 'batch',
    verbs: rolling,
    default: undefined,
    defaultHelp: '1; 0 where --max-unavailable lets instances be missing',
  },
  'roll.maxUnavailable': {
    kind: countOrPercent(),
    help: 'how many instances may be missing where there is no room for more machines: with --batch 0, or while launches are refused',
    flag: 'max-unavailable',
    verbs: rolling,
    default: '0',
  },
  'roll.canary': {
    kind: countOrPercent(),
    help: 'how many new instances must be proven before the others follow',
    flag: 'canary',
    verbs: rolling,
    default: '0',
  },
  'roll.canaryWatchSeconds': {
    kind: duration('s'),
    help: 'how long they must stay proven, without a break',
    flag: 'canary-watch',
    verbs: rolling,
    default: undefined,
    defaultHelp: 'no longer than the proof takes',
  },
  'roll.pauseAt': {
    kind: countsOrPercents(),
    help: 'numbers of new instances at which the roll pauses, like 1,25%,50%',
    flag: 'pause-at',
    verbs: rolling,
    default: [],
    defaultHelp: 'none',
  },
  'roll.pauseSeconds': {
    kind: duration('s'),
    help: 'how long it pauses there',
    flag: 'pause',
    verbs: rolling,
    default: undefined,
    defaultHelp: 'it ends there, and the same command carries it on',
  },
  'roll.first': {
    kind: list('instance ids', instanceId, 'ID,...'),
    help: 'the instances that leave first, in this order',
    flag: 'first',
    elsewhere: 'nowhere',
    verbs: rolling,
    default: [],
    defaultHelp: 'what is unhealthy, then the oldest',
  },
  'roll.instanceTimeoutSeconds': {
    kind: duration('s'),
    help: 'how long a new instance may take to be healthy',
    flag: 'instance-timeout',
    verbs: ['deploy', 'roll', 'rollback', 'scale', 'heal'],
    default: undefined,
    defaultHelp: "the platform's own",
  },
  'roll.timeoutSeconds': {
    kind: duration('s'),
    help: 'how long the whole roll may take beside its pauses, and again the way back',
    flag: 'timeout',
    verbs: rolling,
    default: 3600,
  },
  'roll.beforeTerminate': {
    kind: command,
    help: 'run this for each instance that is drained, before it is ended; while it fails the instance stays',
    flag: 'before-terminate',
    verbs: rolling,
    default: undefined,
  },
  'roll.afterAccept': {
    kind: command,
    help: 'run this for each new instance that is proven; while it fails the instance does not count',
    flag: 'after-accept',
    verbs: rolling,
    default: undefined,
  },
  'roll.hookTimeoutSeconds': {
    kind: duration('s'),
    help: 'how long one such command may take',
    flag: 'hook-timeout',
    verbs: rolling,
    default: 60,
  },
  'roll.report': {
    kind: path('FILE'),
    help: 'write the record of the roll: a page, FILE.html, and beside it its events, FILE.jsonl',
    flag: 'report',
    // In a file it would make each simulation take the place of the last roll.
    elsewhere: 'environment',
    verbs: [...rolling, 'simulate'],
    default: undefined,
  },
  'roll.engine': {
    kind: oneOf(['own', 'refresh']),
    help: 'who replaces: bakeroll, or on aws an instance refresh',
    flag: 'engine',
    verbs: rolling,
    default: 'own',
  },
}

/** The settings of `simulate`. */
export const simulateSettings: Table<'simulate'> = {
  'simulate.instances': {
    kind: wholeNumber(1, 10_000),
    help: 'the size of the simulated group',
    flag: 'instances',
    verbs: ['simulate'],
    default: 100,
  },
  'simulate.policy': {
    kind: text('a policy like surge=10,canary=1', /\S/, 'POLICY'),
    help: 'how the roll may proceed, like surge=10,canary=1',
    flag: 'policy',
    verbs: ['simulate'],
    default: undefined,
    defaultHelp: 'surge=5%',
  },
  'simulate.faults': {
    kind: text('faults like never-boots:2,zone-gone@40%', /\S/, 'FAULTS'),
    help: 'what goes wrong, like never-boots:2,zone-gone@40%',
    flag: 'faults',
    verbs: ['simulate'],
    default: undefined,
    defaultHelp: 'nothing',
  },
  'simulate.seed': {
    kind: wholeNumber(0, 2 ** 31 - 1),
    help: 'what chance makes of it; the same seed gives the same roll',
    flag: 'seed',
    verbs: ['simulate'],
    default: 1,
  },
}
