import { duration, oneOf, path, text, wholeNumber } from './kinds.ts'
import { type Setting, toggle } from './setting.ts'
import type { SettingKey, SettingValue } from './settings.ts'

const servicePath = text('a path that begins with /', /^\/[!-~]*$/, 'PATH')

/** The settings of `check`, the same as the flags of the checker. */
export const checkSettings: {
  readonly [Key in Extract<SettingKey, `check.${string}`>]: Setting<SettingValue<Key>>
} = {
  'check.expectVersion': {
    kind: text('a version', /\S/, 'VERSION'),
    help: 'the version that must run',
    flag: 'expect-version',
    verbs: ['check'],
    default: undefined,
  },
  'check.maxOffsetMs': {
    kind: duration('ms'),
    help: 'how far the clock may be off',
    flag: 'max-offset',
    verbs: ['check'],
    default: 1000,
  },
  'check.timePath': {
    kind: servicePath,
    help: 'where the service tells the time',
    flag: 'time-path',
    verbs: ['check'],
    default: '/now',
  },
  'check.timeFormat': {
    kind: text(
      'auto, iso8601, unix, unix-ms, http-date, time-of-day or json:<pointer>',
      /^(auto|iso8601|unix|unix-ms|http-date|time-of-day|json:(\/([^~/]|~[01])*)*)$/,
      'FORMAT',
    ),
    help: 'how it writes it: auto, iso8601, unix, unix-ms, http-date, time-of-day, json:<pointer>',
    flag: 'time-format',
    verbs: ['check'],
    default: 'auto',
  },
  'check.versionPath': {
    kind: servicePath,
    help: 'where it tells its version',
    flag: 'version-path',
    verbs: ['check'],
    default: '/version.txt',
  },
  'check.samples': {
    kind: wholeNumber(1, 100),
    help: 'how many times the time is asked for',
    flag: 'samples',
    verbs: ['check'],
    default: 5,
  },
  'check.timeoutMs': {
    kind: duration('ms'),
    help: 'deadline of the whole run',
    flag: 'timeout',
    verbs: ['check'],
    default: 10_000,
  },
  'check.warningLatencyMs': {
    kind: duration('ms'),
    help: 'slower answers are a warning',
    flag: 'warning-latency',
    verbs: ['check'],
    default: undefined,
  },
  'check.criticalLatencyMs': {
    kind: duration('ms'),
    help: 'slower answers are critical',
    flag: 'critical-latency',
    verbs: ['check'],
    default: undefined,
  },
  'check.warningCertificateDays': {
    kind: wholeNumber(0, 36_500, 'DAYS'),
    help: 'a certificate with fewer days left is a warning, 0 for never',
    flag: 'warning-certificate',
    verbs: ['check'],
    default: 7,
  },
  'check.format': {
    kind: oneOf(['text', 'json', 'nagios', 'prometheus', 'junit'], 'FORMAT'),
    help: 'text, json, nagios, prometheus or junit',
    flag: 'format',
    verbs: ['check'],
    default: 'text',
  },
  'check.output': {
    kind: path('FILE'),
    help: 'write the report to FILE, atomically',
    flag: 'output',
    verbs: ['check'],
    default: undefined,
  },
  'check.instances': toggle('check each instance, too', 'instances', ['check']),
}
