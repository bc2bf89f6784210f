import { contradictions } from './contradictions.ts'
import { fileProblems } from './file-problems.ts'
import type { CheckOptions } from './options.ts'
import { identityOf } from './settings-of.ts'
import type { TargetList } from './target-list.ts'

/** Everything that is wrong with options that can each be read, before the first request; one line each. */
export async function optionProblems(options: CheckOptions): Promise<string[]> {
  const simple = [...contradictions(options), ...fileProblems(options)]
  return [
    ...simple,
    ...(await trustProblems(options)),
    ...requestProblems(options),
    ...(await alarmProblems(options)),
    ...(await historyProblems(options)),
    ...(await installProblems(options)),
    ...(await webProblems(options)),
  ]
}

/** Everything that is wrong with what is said of single targets, and of modules, as far as it goes beyond the options themselves. */
export async function targetProblems(
  { targets, modules }: Pick<TargetList, 'targets' | 'modules'>,
  options: CheckOptions,
): Promise<string[]> {
  // What /probe may tell others concerns the modules alone.
  const alone: CheckOptions = { ...options, serve: undefined }
  const named = targets.map(({ url, options: own }) => ({ place: url, own, base: alone }))
  const reusable = [...(modules ?? [])].map(([name, own]) => ({ place: `module ${name}`, own, base: options }))
  const problems: string[] = []
  for (const { place, own, base } of [...named, ...reusable]) {
    if (own === undefined) continue
    const known = new Set(contradictions(base))
    const merged = { ...base, ...own }
    const found = [...contradictions(merged), ...(await trustProblems(merged)), ...requestProblems(merged)]
    problems.push(...found.filter((problem) => !known.has(problem)).map((problem) => `${place}: ${problem}`))
  }
  return problems
}

async function trustProblems(options: CheckOptions): Promise<string[]> {
  const problems: string[] = []
  if (options.ca !== undefined) {
    const { trustProblem } = await import('../probe/trust.ts')
    problems.push(...told('ca', trustProblem(options.ca)))
  }
  const { identity } = identityOf(options)
  if (identity !== undefined) {
    const { identityProblem } = await import('../probe/identity.ts')
    problems.push(...told('cert', identityProblem(identity)))
  }
  return problems
}

function requestProblems({ header, authorization }: CheckOptions): string[] {
  const names = (header ?? []).map((text) => text.slice(0, Math.max(0, text.indexOf(':'))).toLowerCase())
  const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index)
  return [
    ...told('header', twice && `${twice} is given twice`),
    ...told('authorization', authorization && names.includes('authorization') ? 'is a --header, too' : undefined),
  ]
}

async function webProblems({ webConfig }: CheckOptions): Promise<string[]> {
  if (webConfig === undefined) return []
  const { webConfigProblem } = await import('../exporter/web-config.ts')
  return told('web-config', await webConfigProblem(webConfig))
}

async function historyProblems({ historyFile }: CheckOptions): Promise<string[]> {
  if (historyFile === undefined) return []
  const { historyProblem } = await import('../history/history.ts')
  return told('history-file', await historyProblem(historyFile))
}

async function installProblems(options: CheckOptions): Promise<string[]> {
  if (options.install === undefined) return []
  const { everyProblem } = await import('../install/problems.ts')
  return told('every', everyProblem(options))
}

async function alarmProblems({ state, notify, maintenance, notifyTemplate, heartbeat, proxy }: CheckOptions) {
  const problems: string[] = []
  if (state !== undefined) {
    const { stateProblem } = await import('../alarm/state-file.ts')
    problems.push(...told('state', stateProblem(state)))
  }
  if (notify !== undefined) {
    const { notifyProblem } = await import('../alarm/outlet.ts')
    problems.push(...notify.flatMap((text) => told('notify', notifyProblem(text))))
  }
  if (maintenance !== undefined) {
    const { maintenanceProblem } = await import('../alarm/maintenance.ts')
    problems.push(...maintenance.flatMap((text) => told('maintenance', maintenanceProblem(text))))
  }
  if (notifyTemplate !== undefined) {
    const { templateProblem } = await import('../alarm/template.ts')
    problems.push(...told('notify-template', templateProblem(notifyTemplate)))
  }
  if (proxy !== undefined) {
    const { proxyProblem } = await import('../alarm/proxy.ts')
    problems.push(...told('proxy', proxyProblem(proxy)))
  }
  if (heartbeat !== undefined) {
    const { heartbeatProblem } = await import('../alarm/heartbeat.ts')
    problems.push(...told('heartbeat', heartbeatProblem(heartbeat)))
  }
  return problems
}

function told(flag: string, problem: string | undefined): string[] {
  return problem === undefined ? [] : [`--${flag}: ${problem}`]
}
