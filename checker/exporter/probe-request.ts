import { urlProblem } from '../probe/target.ts'

/** Blackbox_exporter's: what a check may not use of the time that the scraper waits, for the answer's way back. */
const wayBackMs = 500

/** Which url a request for `/probe` names, or what is wrong with it. */
export function probeTarget(query: URLSearchParams): { readonly url: string } | { readonly problem: string } {
  const other = [...query.keys()].find((name) => name !== 'target')
  if (other !== undefined) return { problem: `parameter ${JSON.stringify(other)}: only target is known` }
  const [url, ...more] = query.getAll('target')
  if (url === undefined) return { problem: 'target: missing, expected /probe?target=http://HOST' }
  if (more.length > 0) return { problem: 'target: given twice' }
  const problem = urlProblem(url)
  return problem === undefined ? { url } : { problem: `target: ${problem}` }
}

/**
 * How long a check may take: as long as the flags say, and not longer than the scraper waits by its header
 * `X-Prometheus-Scrape-Timeout-Seconds`; undefined when that is no number of seconds.
 */
export function allowedMs(timeoutMs: number, header: string | undefined): number | undefined {
  if (header === undefined) return timeoutMs
  const scrapeMs = Number(header) * 1000
  if (header.trim() === '' || !(scrapeMs > 0)) return undefined
  return Math.min(timeoutMs, Math.max(scrapeMs - wayBackMs, scrapeMs / 2))
}
