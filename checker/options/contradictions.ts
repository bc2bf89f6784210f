import { formatDurationMs } from '../duration.ts'
import type { CheckOptions } from './options.ts'

/** Certainly shorter than a request with its answer takes. */
const shortestSampleMs = 10

/** Every contradiction between options, one line each; both entries use it. */
export function contradictions(options: CheckOptions): string[] {
  return [...timeoutProblems(options), ...missing(options), ...pairs(options), ...leaks(options)]
}

function timeoutProblems({ timeoutMs, warningLatencyMs, criticalLatencyMs }: CheckOptions): string[] {
  const timeout = `--timeout: ${formatDurationMs(timeoutMs)} is shorter than`
  if (timeoutMs < shortestSampleMs) return [`${timeout} one sample may take, ${formatDurationMs(shortestSampleMs)}`]
  const limits = { 'warning-latency': warningLatencyMs, 'critical-latency': criticalLatencyMs }
  return Object.entries(limits).flatMap(([flag, limitMs = 0]) =>
    limitMs > timeoutMs ? [`${timeout} --${flag} ${formatDurationMs(limitMs)}`] : [],
  )
}

function missing(options: CheckOptions): string[] {
  const { notify, notifyTemplate, maintenance, state, history, page, historyFile } = options
  const { cert, key, keyPassphrase, serve, noProbe, probeHosts, probeNetworks, serveNames, webConfig } = options
  const needs = (flag: string, isSaid: boolean, needed: string, isThere: boolean) =>
    isSaid && !isThere ? [`--${flag}: means nothing without --${needed}`] : []
  return [
    ...needs('notify', notify !== undefined, 'state', state !== undefined),
    ...needs('maintenance', maintenance !== undefined, 'state', state !== undefined),
    ...needs('notify-template', notifyTemplate !== undefined, 'notify', notify !== undefined),
    ...needs('key', key !== undefined, 'cert', cert !== undefined),
    ...needs('key-passphrase', keyPassphrase !== undefined, 'cert', cert !== undefined),
    ...needs('no-probe', noProbe, 'serve', serve !== undefined),
    ...needs('probe-hosts', probeHosts !== undefined, 'serve', serve !== undefined),
    ...needs('probe-networks', probeNetworks !== undefined, 'serve', serve !== undefined),
    ...needs('serve-names', serveNames !== undefined, 'serve', serve !== undefined),
    ...needs('web-config', webConfig !== undefined, 'serve', serve !== undefined),
    ...needs('history', history, 'history-file', historyFile !== undefined),
    ...needs('page', page !== undefined, 'history-file', historyFile !== undefined),
  ]
}

function pairs({ ipv4, ipv6, install, uninstall, serve, watchMs, history }: CheckOptions): string[] {
  const actions = [
    ...(install === undefined ? [] : ['--install']),
    ...(uninstall === undefined ? [] : ['--uninstall']),
    ...(serve === undefined ? [] : ['--serve']),
    ...(watchMs === undefined ? [] : ['--watch']),
    ...(history ? ['--history'] : []),
  ]
  const [first, ...others] = actions
  return [
    ...(ipv4 && ipv6 ? ['--ipv4: contradicts --ipv6; without both every address is checked'] : []),
    ...others.map((other) => `${first}: contradicts ${other}`),
  ]
}

/** Options that would send a secret to any server that a client names. */
function leaks({ serve, noProbe, probeHosts, probeNetworks, header, authorization, cert }: CheckOptions): string[] {
  const isLimited = noProbe || (probeHosts ?? probeNetworks) !== undefined
  if (serve === undefined || isLimited || (header ?? authorization ?? cert) === undefined) return []
  const flag = header === undefined ? (authorization === undefined ? 'cert' : 'authorization') : 'header'
  return [
    `--${flag}: anyone who reaches /probe could have it sent anywhere; restrict that with --probe-hosts or --probe-networks, or use --no-probe`,
  ]
}

/** Whether targets are required: not to show history, to uninstall, or to serve others. */
export function needsTargets({ history, uninstall, serve }: CheckOptions): boolean {
  return !history && uninstall === undefined && serve === undefined
}
