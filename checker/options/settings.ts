import type { Identity } from '../probe/identity.ts'
import type { Reach } from '../probe/reach.ts'
import type { RequestHeaders } from '../probe/request-headers.ts'

/** How the service writes the time: a named format, or a JSON pointer (RFC 6901) whose value is then recognised. */
export type TimeFormat =
  | 'auto'
  | 'iso8601'
  | 'unix'
  | 'unix-ms'
  | 'http-date'
  | 'time-of-day'
  | { readonly pointer: string }

/** What is expected of a service and how it is measured. */
export interface CheckSettings {
  /** The version that must run, or several of which any is right; absent: reported when found, not judged. */
  readonly expectVersion?: string | readonly string[]
  readonly versionPath: string
  readonly timePath: string
  readonly timeFormat: TimeFormat
  /** How far the service's clock may be off; exactly this much passes. */
  readonly maxOffsetMs: number
  /** How many times the time is asked for, 1 to 100. */
  readonly samples: number
  /** Deadline of the whole run, all targets together. */
  readonly timeoutMs: number
  /** Answers slower than this are a warning; exactly this passes. */
  readonly warningLatencyMs?: number
  /** Answers slower than this are critical; exactly this passes. */
  readonly criticalLatencyMs?: number
  /** A certificate with fewer days left is a warning; 0 turns it off. */
  readonly warningCertificateDays: number
  /** A certificate with fewer days left is critical; 0 turns it off. */
  readonly criticalCertificateDays: number
  /** The HTTP status that the time path must have. */
  readonly expectStatus: number
  /** What the answer of the time path must match. */
  readonly bodyMatch?: RegExp
  /** How many redirects in a row are followed. */
  readonly followRedirects: number
  /** A new connection for each request, as every client of a balancer would make one. */
  readonly freshConnections: boolean
  /** Only addresses of this family. */
  readonly family?: 4 | 6
  /** A file of certificates, PEM, that are trusted beside the usual ones. */
  readonly caFile?: string
  /** The certificate that is shown to the service, where it asks for one. */
  readonly identity?: Identity
  /** What the requests to the service say beside the usual. */
  readonly headers?: RequestHeaders
  /** What may be asked at all; absent: everything. */
  readonly reach?: Reach
  /** What holds for single targets instead, by their urls. */
  readonly ofTargets?: ReadonlyMap<string, CheckSettings>
}

/** What holds for one target. */
export function settingsFor(settings: CheckSettings, url: string): CheckSettings {
  return settings.ofTargets?.get(url) ?? settings
}

/** What applies where nothing is said. */
export const defaultSettings: CheckSettings = {
  versionPath: '/version.txt',
  timePath: '/now',
  timeFormat: 'auto',
  maxOffsetMs: 1000,
  samples: 5,
  timeoutMs: 10_000,
  warningCertificateDays: 7,
  criticalCertificateDays: 0,
  expectStatus: 200,
  followRedirects: 0,
  freshConnections: false,
}

/** Reads `--failures`: N in a row, or N of the last M; undefined when it is neither. */
export function parseFailures(text: string): { readonly failures: number; readonly window?: number } | undefined {
  const [, failures, window] = /^(\d{1,4})(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const [least, most] = [Number(failures), Number(window ?? 1000)]
  if (!(least >= 1 && least <= most)) return undefined
  return { failures: least, ...(window === undefined ? {} : { window: most }) }
}

const namedFormats = ['auto', 'iso8601', 'unix', 'unix-ms', 'http-date', 'time-of-day'] as const

/** Reads `--time-format`; undefined when it is none. */
export function parseTimeFormat(text: string): TimeFormat | undefined {
  const named = namedFormats.find((name) => name === text)
  if (named !== undefined) return named
  const pointer = /^json:((?:\/(?:[^~/]|~[01])*)*)$/.exec(text)?.[1]
  return pointer === undefined ? undefined : { pointer }
}
