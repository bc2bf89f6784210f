import type { ReportFormat } from '../outlets/formats.ts'

/** Everything a check can be told, by both its entries; what has no default is undefined until it is said. */
export interface CheckOptions {
  /** A file with one url on each line. */
  readonly targets: string | undefined
  readonly timePath: string
  /** As it is typed; `parseTimeFormat` reads it. */
  readonly timeFormat: string
  readonly versionPath: string
  readonly samples: number
  readonly timeoutMs: number
  /** How many redirects in a row are followed. */
  readonly followRedirects: number
  readonly freshConnections: boolean
  readonly ipv4: boolean
  readonly ipv6: boolean
  /** A file of certificates, PEM, that are trusted beside the usual ones. */
  readonly ca: string | undefined
  /** Each `NAME: VALUE`. */
  readonly header: readonly string[] | undefined
  /** A user and password, a token, or a scheme and its credentials. */
  readonly authorization: string | undefined
  /** A file with a certificate to show, PEM. */
  readonly cert: string | undefined
  /** The file of its key, where that is another. */
  readonly key: string | undefined
  readonly keyPassphrase: string | undefined
  /** Servers with commas between them, or `none`; undefined: ask the computer's own time service. */
  readonly ntp: string | undefined

  readonly expectVersion: string | undefined
  readonly expectStatus: number
  /** The source of a regular expression. */
  readonly bodyMatch: string | undefined
  readonly maxOffsetMs: number
  readonly warningLatencyMs: number | undefined
  readonly criticalLatencyMs: number | undefined
  readonly warningCertificateDays: number
  readonly criticalCertificateDays: number

  readonly format: ReportFormat
  readonly output: string | undefined
  readonly badge: string | undefined
  readonly page: string | undefined
  /** `ADDRESS:PORT` */
  readonly serve: string | undefined
  readonly noProbe: boolean
  /** `HOST[:PORT]` with commas between several. */
  readonly probeHosts: string | undefined
  /** `ADDRESS/BITS` with commas between several. */
  readonly probeNetworks: string | undefined
  /** Names with commas between several. */
  readonly serveNames: string | undefined
  readonly webConfig: string | undefined
  readonly watchMs: number | undefined

  /** The file that turns alarms on. */
  readonly state: string | undefined
  /** As it is typed; `parseFailures` reads it. */
  readonly failures: string
  readonly successes: number
  readonly remindMs: number
  readonly notify: readonly string[] | undefined
  readonly notifyTemplate: string | undefined
  readonly heartbeat: string | undefined
  /** The url of a proxy for what is told others, or `none`. */
  readonly proxy: string | undefined
  readonly maintenance: readonly string[] | undefined

  readonly historyFile: string | undefined
  /** Show what the history holds instead of checking. */
  readonly history: boolean

  readonly install: 'cron' | 'systemd' | undefined
  readonly uninstall: 'cron' | 'systemd' | undefined
  readonly everyMs: number
}
