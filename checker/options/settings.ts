import type { Identity } from '../probe/identity.ts'
import { type Reach, reachOf } from '../probe/reach.ts'
import { type RequestHeaders, requestHeaders } from '../probe/request-headers.ts'
import type { CheckRun } from '../run-types.ts'
import { type CheckOptions, defaultOptions } from './options.ts'

/** Options that probe and verdict use unchanged. */
const needed = [
  ...(['versionPath', 'timePath', 'timeFormat', 'maxOffsetMs', 'samples', 'timeoutMs'] as const),
  ...(['warningLatencyMs', 'criticalLatencyMs', 'warningCertificateDays', 'criticalCertificateDays'] as const),
  ...(['expectStatus', 'bodyMatch', 'followRedirects', 'freshConnections', 'ca'] as const),
]
type Needed = Pick<CheckOptions, (typeof needed)[number]>

/** What to expect of a service, and how to measure it. */
export interface CheckSettings extends Needed {
  /** The version that must run, or several acceptable ones; absent: reported when found, not judged. */
  readonly expectVersion?: string | readonly string[] | undefined
  /** Only addresses of this family. */
  readonly family?: 4 | 6 | undefined
  /** The client certificate, for services that ask for one. */
  readonly identity?: Identity | undefined
  /** Extra request headers. */
  readonly headers?: RequestHeaders | undefined
  /** Absent: everything may be asked. */
  readonly reach?: Reach | undefined
  /** Overrides for single targets, by url. */
  readonly ofTargets?: ReadonlyMap<string, CheckSettings>
}

export function settingsFor(settings: CheckSettings, url: string): CheckSettings {
  return settings.ofTargets?.get(url) ?? settings
}

/** `expectVersion` applies when the options name no version. */
export function settingsOf(options: CheckOptions, expectVersion: readonly string[] = []): CheckSettings {
  const { probeHosts, probeNetworks, ipv4, ipv6 } = options
  return {
    ...(Object.fromEntries(needed.map((key) => [key, options[key]])) as unknown as Needed),
    expectVersion: options.expectVersion ?? (expectVersion.length === 0 ? undefined : expectVersion),
    family: ipv4 ? 4 : ipv6 ? 6 : undefined,
    identity: identityOf(options),
    headers: requestHeaders(options.header, options.authorization),
    reach: (probeHosts ?? probeNetworks) === undefined ? undefined : reachOf(probeHosts, probeNetworks),
  }
}

export const defaultSettings: CheckSettings = settingsOf(defaultOptions())

/** Settings of a whole run, with those of single targets. */
export function settingsOfRun({ targets, options, expectVersion }: CheckRun): CheckSettings {
  const own = targets.flatMap(({ url, options: said }) => (said === undefined ? [] : [{ url, said }]))
  const settings = settingsOf(options, expectVersion)
  if (own.length === 0) return settings
  const ofTargets = own.map(({ url, said }) => [url, settingsOf({ ...options, ...said }, expectVersion)] as const)
  return { ...settings, ofTargets: new Map(ofTargets) }
}

/** The key may be in the certificate's file. */
export function identityOf({ cert, key = cert, keyPassphrase }: CheckOptions): Identity | undefined {
  if (cert === undefined || key === undefined) return undefined
  return { certFile: cert, keyFile: key, passphrase: keyPassphrase }
}
