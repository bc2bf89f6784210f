import { type TargetOptions, targetOptions as table } from '../options/target-options.ts'
import { knownFlags, readValue, targetKeys } from '../options/target-settings.ts'
import { urlProblem } from '../probe/target.ts'

/** As in blackbox_exporter: the part of the scrape timeout that is reserved for the reply. */
const replyMs = 500

export type ProbeRequest = { readonly url: string; readonly options?: TargetOptions } | { readonly problem: string }

/** Settings that any client may set: no file, no secret, and no pattern, which costs our CPU time. */
const harmless = targetKeys.filter(
  (key) => table[key].kind.whole === undefined && !table[key].isSecret && key !== 'bodyMatch',
)
/** No such setting reads a file. */
const nowhere = { folder: '', warn: () => {} }

/** Parses `target`, `module` and the settings of a `/probe` request. */
export async function probeTarget(
  query: URLSearchParams,
  modules: ReadonlyMap<string, TargetOptions> = new Map(),
): Promise<ProbeRequest> {
  const [url, ...more] = query.getAll('target')
  if (url === undefined) return { problem: 'target: missing, expected /probe?target=http://HOST' }
  if (more.length > 0) return { problem: 'target: given twice' }
  const problem = urlProblem(url)
  if (problem !== undefined) return { problem: `target: ${problem}` }
  const [name, second] = query.getAll('module')
  if (second !== undefined) return { problem: 'module: given twice' }
  const module = name === undefined ? {} : modules.get(name)
  if (module === undefined) {
    const known = modules.size === 0 ? 'there are none' : `expected ${[...modules.keys()].join(', ')}`
    return { problem: `module ${JSON.stringify(name)}: not in the file of --targets, ${known}` }
  }
  const problems: string[] = []
  const own: Record<string, unknown> = {}
  for (const flag of new Set(query.keys())) {
    if (flag === 'target' || flag === 'module') continue
    const key = harmless.find((one) => table[one].flag === flag)
    if (key === undefined) problems.push(`parameter ${JSON.stringify(flag)}: expected target, ${knownFlags(harmless)}`)
    else own[key] = await readValue(key, query.getAll(flag), nowhere, problems)
  }
  if (problems[0] !== undefined) return { problem: problems.join('; ') }
  const options = { ...module, ...own } as TargetOptions
  return Object.keys(options).length === 0 ? { url } : { url, options }
}

/**
 * The time for a check: as the flags say, but within the scraper's `X-Prometheus-Scrape-Timeout-Seconds`; undefined when that is
 * not a number.
 */
export function allowedMs(timeoutMs: number, header: string | undefined): number | undefined {
  if (header === undefined) return timeoutMs
  const scrapeMs = Number(header) * 1000
  if (header.trim() === '' || !(scrapeMs > 0)) return undefined
  return Math.min(timeoutMs, Math.max(scrapeMs - replyMs, scrapeMs / 2))
}
