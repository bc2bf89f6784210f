import { reportFormats } from '../formatters/formats.ts'
import { parseTimeServers, type TimeServer } from '../own-clock/servers.ts'
import { type HostPattern, parseHosts, parseNetworks } from '../probe/reach.ts'
import { duration, kind, oneOf, repeated, wholeNumber } from '../settings/kinds.ts'
import { secret, secrets } from '../settings/secret.ts'
import { optional, setting, settingsIn, toggle, type ValuesOf } from '../settings/setting.ts'
import type { TargetFile } from './target-list.ts'
import { file, isSaid, targetOptions } from './target-options.ts'

/** Headings in help. */
export const optionGroups = {
  ask: 'Requests',
  judge: 'Expectations',
  show: 'Output',
  alarm: 'Alarms',
  history: 'History',
  install: 'Regular checks',
} as const

const dayMs = 86_400_000

const targetFile = kind<TargetFile>(
  'a path',
  'FILE',
  async (said, place) => (await import('./target-list.ts')).readTargetFile(said, place),
  { whole: file.whole, completes: 'files', opensFiles: true, show: ({ file }) => file },
)
const timeServers = kind<'none' | readonly TimeServer[]>(
  'comma-separated host names or addresses, or none',
  'HOST[,HOST]',
  (said) => (said === 'none' ? said : parseTimeServers(said)),
)
const listenAddress = kind<{ readonly host: string; readonly port: number }>(
  'an address and a port, such as 127.0.0.1:9115',
  'ADDRESS:PORT',
  (said) => {
    const [, host, port] = /^(\[[\da-f:.]+\]|[\w.-]*):(\d{1,5})$/i.exec(said) ?? []
    if (host === undefined || Number(port) > 65_535) return undefined
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  },
)
const hosts = kind<readonly HostPattern[]>(
  'comma-separated hosts such as time.example.org, *.example.org:443 or [::1]',
  'HOST[:PORT],...',
  parseHosts,
)
const networks = kind('comma-separated addresses and networks such as 10.0.0.0/8', 'ADDRESS/BITS,...', parseNetworks)
const names = kind<readonly string[]>('comma-separated host names', 'NAME,...', (said) =>
  /^[\w.-]+(,[\w.-]+)*$/.test(said) ? said.split(',') : undefined,
)
/** Failures before an alarm: in a row, or of the last `window` checks. */
const failures = kind<{ readonly failures: number; readonly window?: number | undefined }>(
  'a whole number from 1 to 1000, or N/M for N of the last M, up to 999',
  'NUMBER[/NUMBER]',
  (said) => {
    const [, count, window] = /^(\d{1,4})(?:\/(\d{1,3}))?$/.exec(said) ?? []
    const [least, most] = [Number(count), Number(window ?? 1000)]
    if (!(least >= 1 && least <= most)) return undefined
    return window === undefined ? { failures: least } : { failures: least, window: most }
  },
  {
    show: (value) => `${value.failures}`,
    typed: (value) => (['number', 'string'].includes(typeof value) ? String(value) : undefined),
  },
)
const channel = kind(
  'a url, slack:URL, mail:ADDRESS, smtp://HOST?to=ADDRESS, sns:ARN or command:COMMAND',
  'WHOM|@FILE',
  isSaid(async (said) => (await import('../alarm/channels/channel.ts')).parseChannel(said)),
)
const template = kind<string>(
  'a path',
  'FILE',
  async (said, place) => {
    const found = await file.parse(said, place)
    return typeof found === 'string' ? (await import('../alarm/template.ts')).readTemplate(found) : found
  },
  { whole: file.whole, completes: 'files', opensFiles: true },
)
const heartbeat = kind(
  'a url with http or https',
  'URL|@FILE',
  isSaid(async (said) => (await import('../alarm/heartbeat.ts')).parseHeartbeat(said)),
)
const proxy = kind(
  'none or the url of a proxy, http://HOST:PORT',
  'URL|@FILE|none',
  isSaid(async (said) => (await import('../alarm/proxy.ts')).parseProxy(said)),
)
const maintenance = kind(
  'a window such as "Sun 02:00-04:00" or 2026-01-02T03:00Z/2026-01-02T05:00Z',
  'WINDOW',
  isSaid(async (said) => (await import('../alarm/maintenance.ts')).parseMaintenance(said)),
)
const scheduler = oneOf(['cron', 'systemd'])

/** Every option. Flags, environment, configuration file, help and reference of both entries derive from this table. */
export const options = {
  targets: optional(targetFile, {
    flag: 'targets',
    help: 'check the urls in FILE, one per line, # starts a comment',
    group: 'ask',
  }),
  ...targetOptions,
  timeoutMs: setting(duration('ms', 1, dayMs), 10_000, {
    flag: 'timeout',
    help: 'deadline of the whole run',
    group: 'ask',
  }),
  ntp: optional(timeServers, {
    flag: 'ntp',
    help: "time servers to measure this computer's own clock with, none to trust it",
    defaultHelp: 'its own time service',
    group: 'ask',
  }),

  format: setting(oneOf(reportFormats, 'FORMAT'), 'text', {
    flag: 'format',
    help: 'text, json, nagios, prometheus or junit',
    group: 'show',
  }),
  output: optional(file, {
    flag: 'output',
    help: 'write the report to FILE, atomically; the summary goes to stdout',
    group: 'show',
  }),
  badge: optional(file, { flag: 'badge', help: 'write the verdict as a badge (SVG) to FILE', group: 'show' }),
  page: optional(file, { flag: 'page', help: 'write a status page (HTML) of the history to FILE', group: 'show' }),
  serve: optional(listenAddress, {
    flag: 'serve',
    help: 'keep running, and answer /metrics and /probe?target=URL for Prometheus',
    group: 'show',
    elsewhere: 'nowhere',
  }),
  noProbe: toggle({ flag: 'no-probe', help: 'with --serve: no /probe', group: 'show', elsewhere: 'nowhere' }),
  probeHosts: optional(hosts, {
    flag: 'probe-hosts',
    help: 'with --serve: the only hosts that /probe may ask, *.example.org for all subdomains',
    group: 'show',
    elsewhere: 'nowhere',
  }),
  probeNetworks: optional(networks, {
    flag: 'probe-networks',
    help: 'with --serve: the only addresses that /probe may connect to',
    group: 'show',
    elsewhere: 'nowhere',
  }),
  serveNames: optional(names, {
    flag: 'serve-names',
    help: 'with --serve: further host names that clients use for it',
    group: 'show',
    elsewhere: 'nowhere',
  }),
  webConfig: optional(file, {
    flag: 'web-config',
    help: "with --serve: TLS and users from FILE, in the format of Prometheus' exporters",
    group: 'show',
    elsewhere: 'nowhere',
  }),
  watchMs: optional(
    { ...duration('ms', 100, Number.POSITIVE_INFINITY), placeholder: '[DURATION]', bare: '2s' },
    { flag: 'watch', help: 'check repeatedly, and show what changes', group: 'show', elsewhere: 'nowhere' },
  ),
  state: optional(file, {
    flag: 'state',
    help: 'turn alarms on, and keep the state of each target in FILE',
    group: 'alarm',
  }),
  failures: setting(
    failures,
    { failures: 3 },
    {
      flag: 'failures',
      help: 'failures in a row before an alarm, or 3/10: three of the last ten',
      group: 'alarm',
    },
  ),
  successes: setting(wholeNumber(1, 1000), 2, {
    flag: 'successes',
    help: 'successes in a row before a recovery',
    group: 'alarm',
  }),
  remindMs: setting(duration('ms', 0, Number.POSITIVE_INFINITY), 14_400_000, {
    flag: 'remind',
    help: 'remind of an alarm this often, 0s for never',
    group: 'alarm',
  }),
  notify: optional(secrets(channel), {
    flag: 'notify',
    help: 'a url, slack:URL, mail:ADDRESS, smtp://HOST?to=ADDRESS, sns:ARN or command:COMMAND; may be repeated',
    group: 'alarm',
    isSecret: true,
  }),
  /** The template's text. */
  notifyTemplate: optional(template, {
    flag: 'notify-template',
    help: 'a mustache template for the body of webhooks',
    group: 'alarm',
  }),
  heartbeat: optional(secret(heartbeat), {
    flag: 'heartbeat',
    help: "request this url after every run, for a dead man's switch",
    group: 'alarm',
    isSecret: true,
  }),
  proxy: optional(secret(proxy), {
    flag: 'proxy',
    help: 'the proxy for notices and heartbeat',
    defaultHelp: 'that of HTTPS_PROXY and NO_PROXY',
    group: 'alarm',
    isSecret: true,
  }),
  maintenance: optional(repeated(maintenance), {
    flag: 'maintenance',
    help: 'no alarms in this window: "Sun 02:00-04:00", "daily 02:00-02:30" or ISO/ISO; may be repeated',
    group: 'alarm',
  }),
  historyFile: optional(file, {
    flag: 'history-file',
    help: 'keep the result of every run in FILE (SQLite)',
    group: 'history',
  }),
  history: toggle({
    flag: 'history',
    help: 'show the history, and check nothing',
    group: 'history',
    elsewhere: 'nowhere',
  }),
  install: optional(scheduler, {
    flag: 'install',
    help: 'check regularly from now on',
    group: 'install',
    elsewhere: 'nowhere',
  }),
  uninstall: optional(scheduler, { flag: 'uninstall', help: 'stop that', group: 'install', elsewhere: 'nowhere' }),
  everyMs: setting(duration('ms', 1000, dayMs), 60_000, {
    flag: 'every',
    help: 'how often, with --install',
    group: 'install',
  }),
}

/** The options of both entries; those without a default are undefined unless set. */
export type CheckOptions = ValuesOf<typeof options>
export type OptionKey = keyof CheckOptions

/** The options by configuration key, `check.maxOffsetMs`. */
export const checkSettings = settingsIn({ check: options })

export const optionKeys = Object.keys(options) as OptionKey[]

export function defaultOptions(): CheckOptions {
  return Object.fromEntries(optionKeys.map((key) => [key, options[key].default])) as unknown as CheckOptions
}
