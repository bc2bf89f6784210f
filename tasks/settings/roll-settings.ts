import { duration, list, oneOf, path, text, wholeNumber } from '../../checker/settings/kinds.ts'
import { optional, setting } from '../../checker/settings/setting.ts'
import type { Count } from '../lib/count.ts'
import { command, count, counts, instanceId } from './kinds.ts'

const none: Count = { count: 0 }
const rolling = ['roll', 'rollback'] as const

export const rollSettings = {
  /** Undefined: 1, or 0 where instances may be missing. */
  surge: optional(count, {
    help: "how many machines above the group's size, so how many are replaced at a time",
    flag: 'surge',
    otherFlag: 'batch',
    otherKey: 'roll.batch',
    verbs: rolling,
    defaultHelp: '1; 0 where --max-unavailable lets instances be missing',
  }),
  maxUnavailable: setting(count, none, {
    help: 'how many instances may be missing where there is no room for more machines: with --surge 0, or while launches are refused; for release, how many get it at a time',
    flag: 'max-unavailable',
    verbs: [...rolling, 'release'],
    defaultHelp: '0; release: 1',
  }),
  canary: setting(count, none, {
    help: 'how many new instances must be ready before the others follow',
    flag: 'canary',
    verbs: rolling,
  }),
  /** Undefined: only until they are ready. */
  canaryWatchSeconds: optional(duration('s'), {
    help: 'how long they must stay ready, without a break',
    flag: 'canary-watch',
    verbs: rolling,
    defaultHelp: 'no longer than readiness takes',
  }),
  pauseAt: setting(counts, [], {
    help: 'numbers of new instances at which the roll pauses, like 1,25%,50%',
    flag: 'pause-at',
    verbs: rolling,
    defaultHelp: 'none',
  }),
  /** Undefined: the roll ends there, until the same command continues it. */
  pauseSeconds: optional(duration('s'), {
    help: 'how long it pauses there',
    flag: 'pause',
    verbs: rolling,
    defaultHelp: 'it ends there, and the same command carries it on',
  }),
  first: setting(list('instance ids, with commas between them', instanceId, 'ID,...'), [], {
    help: 'the instances that leave first, in this order',
    flag: 'first',
    elsewhere: 'nowhere',
    verbs: rolling,
    defaultHelp: 'what is unhealthy, then the oldest',
  }),
  /** Undefined: the platform's default. */
  instanceTimeoutSeconds: optional(duration('s'), {
    help: 'how long a new instance may take to be healthy',
    flag: 'instance-timeout',
    verbs: ['deploy', 'roll', 'rollback', 'release', 'scale', 'heal'],
    defaultHelp: "the platform's own",
  }),
  timeoutSeconds: setting(duration('s'), 3600, {
    help: 'how long the whole roll may take without its pauses, and again the rollback',
    flag: 'timeout',
    verbs: rolling,
  }),
  beforeRoll: optional(command, {
    help: 'run this once before the first new instance is launched; when it fails nothing is changed',
    flag: 'before-roll',
    verbs: rolling,
  }),
  beforeTerminate: optional(command, {
    help: 'run this for each drained instance before it is terminated; while it fails the instance stays',
    flag: 'before-terminate',
    verbs: rolling,
  }),
  afterAccept: optional(command, {
    help: 'run this for each new instance that is ready; while it fails the instance does not count',
    flag: 'after-accept',
    verbs: rolling,
  }),
  hookTimeoutSeconds: setting(duration('s'), 60, {
    help: 'how long one such command may take',
    flag: 'hook-timeout',
    verbs: rolling,
  }),
  report: optional(path('FILE'), {
    help: 'write the record of the roll: a page, FILE.html, and beside it its events, FILE.jsonl',
    flag: 'report',
    // In a file it would make each simulation overwrite the report of the last roll.
    elsewhere: 'environment',
    verbs: [...rolling, 'release', 'simulate'],
  }),
  engine: setting(oneOf(['own', 'refresh']), 'own', {
    help: 'who replaces: bakeroll, or on aws an instance refresh',
    flag: 'engine',
    verbs: rolling,
  }),
}

export const simulateSettings = {
  instances: setting(wholeNumber(1, 10_000), 100, {
    help: 'the size of the simulated group',
    flag: 'instances',
  }),
  policy: optional(text('a policy like surge=10,canary=1', /\S/, 'POLICY'), {
    help: 'how the roll may proceed, like surge=10,canary=1',
    flag: 'policy',
    defaultHelp: 'surge=5%',
  }),
  faults: optional(text('faults like never-boots:2,zone-gone@40%', /\S/, 'FAULTS'), {
    help: 'what goes wrong, like never-boots:2,zone-gone@40%',
    flag: 'faults',
    defaultHelp: 'nothing',
  }),
  seed: setting(wholeNumber(0, 2 ** 31 - 1), 1, {
    help: 'the source of all chance; the same seed gives the same roll',
    flag: 'seed',
  }),
}
