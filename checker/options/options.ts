import { reportFormats } from '../outlets/formats.ts'
import { parseTimeServers } from '../own-clock/servers.ts'
import { parseHosts, parseNetworks } from '../probe/reach.ts'
import { authorizationProblem, headerProblem } from '../probe/request-headers.ts'
import type { CheckOptions } from './check-options.ts'
import {
  anyText,
  count,
  days,
  duration,
  eachLine,
  file,
  nonEmpty,
  type Option,
  path,
  portOf,
  regularExpression,
  toggle,
  words,
} from './option-kinds.ts'
import { parseFailures, parseTimeFormat } from './settings.ts'

export type { CheckOptions } from './check-options.ts'
export { type Option, optionGroups } from './option-kinds.ts'

export type OptionKey = keyof CheckOptions

/** Every option there is. Flags, environment, configuration file and help of both entries follow from this table. */
export const options: { readonly [Key in OptionKey]: Option<NonNullable<CheckOptions[Key]>> } = {
  targets: file({
    flag: 'targets',
    help: 'check the urls in FILE, one on each line, # begins a comment',
    group: 'ask',
  }),
  timePath: path({ flag: 'time-path', help: 'where the service tells the time', group: 'ask' }, '/now'),
  timeFormat: {
    flag: 'time-format',
    value: 'FORMAT',
    help: 'auto, iso8601, unix, unix-ms, http-date, time-of-day or json:<pointer>',
    expected: 'auto, iso8601, unix, unix-ms, http-date, time-of-day or json:<pointer>',
    parse: (text) => (parseTimeFormat(text) === undefined ? undefined : text),
    default: 'auto',
    group: 'ask',
  },
  versionPath: path({ flag: 'version-path', help: 'where it tells its version', group: 'ask' }, '/version.txt'),
  samples: count({ flag: 'samples', help: 'how many times to ask for the time, 1 to 100', group: 'ask' }, 1, 100, '5'),
  timeoutMs: {
    ...duration({ flag: 'timeout', help: 'deadline of the whole run', group: 'ask' }, '10s', 1, 86_400_000),
    expected: 'a duration with its unit, such as 500ms or 1s, from 1ms to 24h',
  },
  followRedirects: count(
    { flag: 'follow-redirects', help: 'how many redirects in a row to follow', group: 'ask' },
    0,
    20,
    '0',
  ),
  freshConnections: toggle({
    flag: 'fresh-connections',
    help: 'a new connection for each sample, to meet every server behind a balancer',
    group: 'ask',
  }),
  ipv4: toggle({ flag: 'ipv4', help: 'only the IPv4 addresses of each name', group: 'ask' }),
  ipv6: toggle({ flag: 'ipv6', help: 'only the IPv6 addresses of each name', group: 'ask' }),
  ca: file({ flag: 'ca', help: 'trust the certificates in FILE (PEM), too', group: 'ask' }),
  header: {
    flag: 'header',
    value: 'NAME: VALUE|@FILE',
    help: 'a header of the requests to the service; may be repeated',
    expected: 'NAME: VALUE or @FILE',
    parse: eachLine(anyText),
    judge: headerProblem,
    group: 'ask',
    repeatable: true,
    isSecret: true,
  },
  authorization: {
    flag: 'authorization',
    value: 'WHO|@FILE',
    help: 'USER:PASSWORD, a token, or a scheme such as Bearer with its credentials',
    expected: 'USER:PASSWORD, a token, a scheme with its credentials, or @FILE',
    parse: nonEmpty,
    judge: authorizationProblem,
    group: 'ask',
    isSecret: true,
  },
  cert: file({ flag: 'cert', help: 'show the certificate in FILE (PEM) where the service asks for one', group: 'ask' }),
  key: file({ flag: 'key', help: 'the file of its key (PEM), where that is another', group: 'ask' }),
  keyPassphrase: {
    flag: 'key-passphrase',
    value: 'TEXT|@FILE',
    help: 'what opens that key',
    expected: 'a passphrase or @FILE',
    parse: anyText,
    group: 'ask',
    isSecret: true,
  },
  ntp: {
    flag: 'ntp',
    value: 'HOST[,HOST]',
    help: "time servers that prove this computer's own clock, none to take it as right (default its own time service)",
    expected: 'host names or addresses with commas between them, or none',
    parse: (text) => (text === 'none' || parseTimeServers(text) !== undefined ? text : undefined),
    group: 'ask',
  },

  expectVersion: {
    flag: 'expect-version',
    value: 'VERSION',
    help: 'the version that must run',
    expected: 'a version',
    parse: nonEmpty,
    group: 'judge',
  },
  expectStatus: count(
    { flag: 'expect-status', help: 'the HTTP status that the time path must have', group: 'judge' },
    200,
    599,
    '200',
  ),
  bodyMatch: {
    flag: 'body-match',
    value: 'REGEX',
    help: 'what the answer of the time path must match',
    expected: 'a regular expression',
    parse: regularExpression,
    group: 'judge',
  },
  maxOffsetMs: duration({ flag: 'max-offset', help: 'how far the clock may be off', group: 'judge' }, '1s'),
  warningLatencyMs: duration({ flag: 'warning-latency', help: 'slower answers are a warning', group: 'judge' }),
  criticalLatencyMs: duration({ flag: 'critical-latency', help: 'slower answers are critical', group: 'judge' }),
  warningCertificateDays: days('warning-certificate', 'fewer days left are a warning, 0 for never', '7'),
  criticalCertificateDays: days('critical-certificate', 'fewer days left are critical, 0 for never', '0'),

  format: words(
    { flag: 'format', help: 'text, json, nagios, prometheus or junit', group: 'show' },
    reportFormats,
    'text',
  ),
  output: file({
    flag: 'output',
    help: 'write the report to FILE, atomically; the summary goes to stdout',
    group: 'show',
  }),
  badge: file({ flag: 'badge', help: 'write the verdict as a badge (SVG) to FILE', group: 'show' }),
  page: file({ flag: 'page', help: 'write a status page (HTML) of the history to FILE', group: 'show' }),
  serve: {
    flag: 'serve',
    value: 'ADDRESS:PORT',
    help: 'stay, and answer /metrics and /probe?target=URL for Prometheus',
    expected: 'an address and a port, such as 127.0.0.1:9115',
    parse: (text) => (/^(\[[\da-f:.]+\]|[\w.-]*):\d{1,5}$/i.test(text) && portOf(text) <= 65_535 ? text : undefined),
    group: 'show',
    isOfOneRun: true,
  },
  noProbe: {
    ...toggle({ flag: 'no-probe', help: 'with --serve: no /probe', group: 'show' }),
    isOfOneRun: true,
  },
  probeHosts: {
    flag: 'probe-hosts',
    value: 'HOST[:PORT],...',
    help: 'with --serve: all that /probe may ask, *.example.org for all names below',
    expected: 'hosts such as time.example.org, *.example.org:443 or [::1], with commas between them',
    parse: (text) => (parseHosts(text) === undefined ? undefined : text),
    group: 'show',
    isOfOneRun: true,
  },
  probeNetworks: {
    flag: 'probe-networks',
    value: 'ADDRESS/BITS,...',
    help: 'with --serve: all addresses that /probe may connect to',
    expected: 'addresses and networks such as 10.0.0.0/8, with commas between them',
    parse: (text) => (parseNetworks(text) === undefined ? undefined : text),
    group: 'show',
    isOfOneRun: true,
  },
  serveNames: {
    flag: 'serve-names',
    value: 'NAME,...',
    help: 'with --serve: further names by which it is asked',
    expected: 'host names with commas between them',
    parse: (text) => (/^[\w.-]+(,[\w.-]+)*$/.test(text) ? text : undefined),
    group: 'show',
    isOfOneRun: true,
  },
  webConfig: {
    ...file({
      flag: 'web-config',
      help: "with --serve: TLS and users by FILE, in the form of Prometheus' exporters",
      group: 'show',
    }),
    isOfOneRun: true,
  },
  watchMs: {
    ...duration({ flag: 'watch', help: 'check again and again, and show what changes', group: 'show' }, undefined, 100),
    value: '[DURATION]',
    bare: '2s',
    isOfOneRun: true,
  },

  state: file({ flag: 'state', help: 'turn alarms on, and remember in FILE how each target is', group: 'alarm' }),
  failures: {
    flag: 'failures',
    value: 'NUMBER[/NUMBER]',
    help: 'failures in a row before an alarm, or 3/10: three of the last ten',
    expected: 'a whole number from 1 to 1000, or N/M for N of the last M, up to 999',
    parse: (text) => (parseFailures(text) === undefined ? undefined : text),
    default: '3',
    group: 'alarm',
  },
  successes: count({ flag: 'successes', help: 'successes in a row before a recovery', group: 'alarm' }, 1, 1000, '2'),
  remindMs: duration({ flag: 'remind', help: 'remind of an alarm this often, 0s for never', group: 'alarm' }, '4h'),
  notify: {
    flag: 'notify',
    value: 'WHOM|@FILE',
    help: 'a url, slack:URL, mail:ADDRESS, smtp://HOST?to=ADDRESS, sns:ARN or command:COMMAND; may be repeated',
    expected: 'a url, slack:URL, mail:ADDRESS, smtp://HOST?to=ADDRESS, sns:ARN or command:COMMAND',
    parse: eachLine(nonEmpty),
    group: 'alarm',
    repeatable: true,
    isSecret: true,
  },
  notifyTemplate: file({
    flag: 'notify-template',
    help: 'a mustache template for the body of webhooks',
    group: 'alarm',
  }),
  heartbeat: {
    flag: 'heartbeat',
    value: 'URL|@FILE',
    help: 'ask this url after every run, for a dead-man switch',
    expected: 'a url with http or https',
    parse: nonEmpty,
    group: 'alarm',
    isSecret: true,
  },
  proxy: {
    flag: 'proxy',
    value: 'URL|@FILE|none',
    help: 'the proxy for notices and heartbeat (default that of HTTPS_PROXY and NO_PROXY)',
    expected: 'none or the url of a proxy, http://HOST:PORT',
    parse: nonEmpty,
    group: 'alarm',
    isSecret: true,
  },
  maintenance: {
    flag: 'maintenance',
    value: 'WINDOW',
    help: 'no alarms meanwhile: "Sun 02:00-04:00", "daily 02:00-02:30" or ISO/ISO; may be repeated',
    expected: 'a window such as "Sun 02:00-04:00" or 2026-01-02T03:00Z/2026-01-02T05:00Z',
    parse: eachLine(nonEmpty),
    group: 'alarm',
    repeatable: true,
  },

  historyFile: file({ flag: 'history-file', help: 'keep the result of every run in FILE (SQLite)', group: 'history' }),
  history: {
    ...toggle({ flag: 'history', help: 'show what the history holds, and check nothing', group: 'history' }),
    isOfOneRun: true,
  },

  install: {
    ...words({ flag: 'install', help: 'check from now on', group: 'install' }, ['cron', 'systemd']),
    isOfOneRun: true,
  },
  uninstall: {
    ...words({ flag: 'uninstall', help: 'no longer', group: 'install' }, ['cron', 'systemd']),
    isOfOneRun: true,
  },
  everyMs: duration({ flag: 'every', help: 'how often, with --install', group: 'install' }, '1m', 1000, 86_400_000),
}

/** Every key, in the order of the table. */
export const optionKeys = Object.keys(options) as OptionKey[]

/** An option without the type of its value, for whoever goes through all of them. */
export function optionOf(key: OptionKey): Option<unknown> {
  return options[key] as Option<unknown>
}

/** What holds when nothing is said. */
export function defaultOptions(): CheckOptions {
  const entries = optionKeys.map((key) => {
    const { default: text, parse, value } = optionOf(key)
    return [key, text === undefined ? (value === undefined ? false : undefined) : parse(text)]
  })
  return Object.fromEntries(entries)
}
