import { reachOf } from '../probe/reach.ts'
import { requestHeaders } from '../probe/request-headers.ts'
import type { CheckRun } from '../run-types.ts'
import type { CheckOptions } from './options.ts'
import { type CheckSettings, parseTimeFormat } from './settings.ts'

/** What a probe and its verdict need of the options; `expectVersion` is what holds when the options name none. */
export function settingsOf(options: CheckOptions, expectVersion: readonly string[] = []): CheckSettings {
  const { timePath, versionPath, samples, timeoutMs, maxOffsetMs, ca } = options
  const {
    warningCertificateDays,
    criticalCertificateDays,
    expectStatus,
    followRedirects,
    freshConnections,
    bodyMatch,
    ipv4,
    ipv6,
    warningLatencyMs,
    criticalLatencyMs,
  } = options
  const expected = options.expectVersion ?? expectVersion
  const headers = requestHeaders(options.header, options.authorization)
  const { probeHosts, probeNetworks } = options
  return {
    ...(expected.length === 0 ? {} : { expectVersion: expected }),
    ...{
      timePath,
      versionPath,
      samples,
      timeoutMs,
      maxOffsetMs,
      warningCertificateDays,
      criticalCertificateDays,
      expectStatus,
      followRedirects,
      freshConnections,
    },
    timeFormat: parseTimeFormat(options.timeFormat) ?? 'auto',
    ...(warningLatencyMs === undefined ? {} : { warningLatencyMs }),
    ...(criticalLatencyMs === undefined ? {} : { criticalLatencyMs }),
    ...(bodyMatch === undefined ? {} : { bodyMatch: new RegExp(bodyMatch) }),
    ...(ca === undefined ? {} : { caFile: ca }),
    ...identityOf(options),
    ...((probeHosts ?? probeNetworks) === undefined ? {} : { reach: reachOf(probeHosts, probeNetworks) }),
    ...(headers === undefined ? {} : { headers }),
    ...(ipv4 ? { family: 4 as const } : ipv6 ? { family: 6 as const } : {}),
  }
}

/** The same for a whole run, with what is said of single targets. */
export function settingsOfRun({ targets, options, expectVersion }: CheckRun): CheckSettings {
  const own = targets.filter((target) => target.options !== undefined)
  const settings = settingsOf(options, expectVersion)
  if (own.length === 0) return settings
  const ofTargets = own.map((target): [string, CheckSettings] => [
    target.url,
    settingsOf({ ...options, ...target.options }, expectVersion),
  ])
  return { ...settings, ofTargets: new Map(ofTargets) }
}

/** A key may stand in the file of its certificate. */
export function identityOf({ cert, key = cert, keyPassphrase }: CheckOptions): Pick<CheckSettings, 'identity'> {
  if (cert === undefined || key === undefined) return {}
  return { identity: { certFile: cert, keyFile: key, passphrase: keyPassphrase } }
}
