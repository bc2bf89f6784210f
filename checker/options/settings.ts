import type { Identity } from '../probe/identity.ts'
import { type Reach, reachOf } from '../probe/reach.ts'
import { type RequestHeaders, requestHeaders } from '../probe/request-headers.ts'
import type { CheckRun } from '../run-types.ts'
import { type CheckOptions, defaultOptions } from './options.ts'

/** What a probe and its verdict need of the options as they are. */
const needed = [
  ...(['versionPath', 'timePath', 'timeFormat', 'maxOffsetMs', 'samples', 'timeoutMs'] as const),
  ...(['warningLatencyMs', 'criticalLatencyMs', 'warningCertificateDays', 'criticalCertificateDays'] as const),
  ...(['expectStatus', 'bodyMatch', 'followRedirects', 'freshConnections', 'ca'] as const),
]
type Needed = Pick<CheckOptions, (typeof needed)[number]>

/** What is expected of a service and how it is measured. */
export interface CheckSettings extends Needed {
  /** The version that must run, or several of which any is right; absent: reported when found, not judged. */
  readonly expectVersion?: string | readonly string[] | undefined
  /** Only addresses of this family. */
  readonly family?: 4 | 6 | undefined
  /** The certificate that is shown to the service, where it asks for one. */
  readonly identity?: Identity | undefined
  /** What the requests to the service say beside the usual. */
  readonly headers?: RequestHeaders | undefined
  /** What may be asked at all; absent: everything. */
  readonly reach?: Reach | undefined
  /** What holds for single targets instead, by their urls. */
  readonly ofTargets?: ReadonlyMap<string, CheckSettings>
}

/** What holds for one target. */
export function settingsFor(settings: CheckSettings, url: string): CheckSettings {
  return settings.ofTargets?.get(url) ?? settings
}

/** What a probe and its verdict need of the options; `expectVersion` is what holds when the options name none. */
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

/** What applies where nothing is said. */
export const defaultSettings: CheckSettings = settingsOf(defaultOptions())

/** The same for a whole run, with what is said of single targets. */
export function settingsOfRun({ targets, options, expectVersion }: CheckRun): CheckSettings {
  const own = targets.flatMap(({ url, options: said }) => (said === undefined ? [] : [{ url, said }]))
  const settings = settingsOf(options, expectVersion)
  if (own.length === 0) return settings
  const ofTargets = own.map(({ url, said }) => [url, settingsOf({ ...options, ...said }, expectVersion)] as const)
  return { ...settings, ofTargets: new Map(ofTargets) }
}

/** A key may stand in the file of its certificate. */
export function identityOf({ cert, key = cert, keyPassphrase }: CheckOptions): Identity | undefined {
  if (cert === undefined || key === undefined) return undefined
  return { certFile: cert, keyFile: key, passphrase: keyPassphrase }
}
