import { parseTimeFormat, type TimeFormat } from '../clock/time-format.ts'
import { parseAuthorization, parseHeader } from '../probe/request-headers.ts'
import { duration, kind, path, wholeNumber } from '../settings/kinds.ts'
import { secret, secrets } from '../settings/secret.ts'
import { optional, setting, toggle, type ValuesOf } from '../settings/setting.ts'

/** Rejects blank text, and trims the rest. */
export const isSaid =
  <T>(parse: (text: string) => T) =>
  (said: string) =>
    said.trim() === '' ? undefined : parse(said.trim())

export const file = path('FILE')
export const servicePath = kind('a path that begins with /', 'PATH', (said) =>
  /^\/[!-~]*$/.test(said) ? said : undefined,
)
export const timeFormat = kind<TimeFormat>(
  'auto, iso8601, unix, unix-ms, http-date, time-of-day or json:<pointer>',
  'FORMAT',
  parseTimeFormat,
  { completes: ['auto', 'iso8601', 'unix', 'unix-ms', 'http-date', 'time-of-day'] },
)
const header = kind('NAME: VALUE or @FILE', 'NAME: VALUE|@FILE', (said) =>
  said === '' ? undefined : parseHeader(said),
)
const authorization = kind(
  'USER:PASSWORD, a token, a scheme with its credentials, or @FILE',
  'WHO|@FILE',
  isSaid(parseAuthorization),
)
const passphrase = kind('a passphrase or @FILE', 'TEXT|@FILE', (said) => (said === '' ? undefined : said))
const pattern = kind<RegExp>('a regular expression', 'REGEX', (said) => {
  try {
    return said === '' ? undefined : new RegExp(said)
  } catch {
    return undefined
  }
})
const days = { ...wholeNumber(0, 36_500, 'DAYS'), expected: 'a whole number of days' }

/** The options that can be set per target. */
export const targetOptions = {
  timePath: setting(servicePath, '/now', {
    flag: 'time-path',
    help: "the path of the service's time",
    group: 'ask',
  }),
  timeFormat: setting(timeFormat, 'auto', {
    flag: 'time-format',
    help: 'auto, iso8601, unix, unix-ms, http-date, time-of-day or json:<pointer>',
    group: 'ask',
  }),
  versionPath: setting(servicePath, '/version.txt', {
    flag: 'version-path',
    help: "the path of the service's version",
    group: 'ask',
  }),
  samples: setting(wholeNumber(1, 100), 5, {
    flag: 'samples',
    help: 'how many times to ask for the time, 1 to 100',
    group: 'ask',
  }),
  followRedirects: setting(wholeNumber(0, 20), 0, {
    flag: 'follow-redirects',
    help: 'how many redirects in a row to follow',
    group: 'ask',
  }),
  freshConnections: toggle({
    flag: 'fresh-connections',
    help: 'a new connection for each sample, to reach every server behind a load balancer',
    group: 'ask',
  }),
  ipv4: toggle({ flag: 'ipv4', help: 'only the IPv4 addresses of each name', group: 'ask' }),
  ipv6: toggle({ flag: 'ipv6', help: 'only the IPv6 addresses of each name', group: 'ask' }),
  ca: optional(file, { flag: 'ca', help: 'also trust the certificates in FILE (PEM)', group: 'ask' }),
  header: optional(secrets(header), {
    flag: 'header',
    help: 'a header of the requests to the service; may be repeated',
    group: 'ask',
    isSecret: true,
  }),
  authorization: optional(secret(authorization), {
    flag: 'authorization',
    help: 'USER:PASSWORD, a token, or a scheme such as Bearer with its credentials',
    group: 'ask',
    isSecret: true,
  }),
  cert: optional(file, {
    flag: 'cert',
    help: 'the client certificate in FILE (PEM), for a service that asks for one',
    group: 'ask',
  }),
  key: optional(file, { flag: 'key', help: 'the file of its key (PEM), if that is another', group: 'ask' }),
  keyPassphrase: optional(secret(passphrase), {
    flag: 'key-passphrase',
    help: 'the passphrase of that key',
    group: 'ask',
    isSecret: true,
  }),
  expectVersion: optional(kind('a version', 'VERSION', isSaid(String)), {
    flag: 'expect-version',
    help: 'the version that must run',
    group: 'judge',
  }),
  expectStatus: setting(wholeNumber(200, 599), 200, {
    flag: 'expect-status',
    help: 'the HTTP status that the time path must have',
    group: 'judge',
  }),
  bodyMatch: optional(pattern, {
    flag: 'body-match',
    help: 'the pattern that the answer of the time path must match',
    group: 'judge',
  }),
  /** Exactly this much passes. */
  maxOffsetMs: setting(duration('ms', 0, Number.POSITIVE_INFINITY), 1000, {
    flag: 'max-offset',
    help: 'how far the clock may be off',
    group: 'judge',
  }),
  warningLatencyMs: optional(duration('ms', 0, Number.POSITIVE_INFINITY), {
    flag: 'warning-latency',
    help: 'slower answers are a warning',
    group: 'judge',
  }),
  criticalLatencyMs: optional(duration('ms', 0, Number.POSITIVE_INFINITY), {
    flag: 'critical-latency',
    help: 'slower answers are critical',
    group: 'judge',
  }),
  warningCertificateDays: setting(days, 7, {
    flag: 'warning-certificate',
    help: 'fewer days left are a warning, 0 for never',
    group: 'judge',
  }),
  criticalCertificateDays: setting(days, 0, {
    flag: 'critical-certificate',
    help: 'fewer days left are critical, 0 for never',
    group: 'judge',
  }),
}

export type TargetOptions = Partial<ValuesOf<typeof targetOptions>>
export type TargetOptionKey = keyof typeof targetOptions
