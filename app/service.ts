import { type Context, Hono } from 'hono'
import { accepts } from 'hono/accepts'

/** `drain` makes /healthz answer 503, so that load balancers stop sending requests. */
export interface TimeService {
  app: Hono
  drain(): void
}

/** `now` returns milliseconds since 1970-01-01 UTC. */
export function createService({ release, now = Date.now }: { release: string; now?: () => number }): TimeService {
  const app = new Hono()
  let draining = false

  app.use(async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
  })
  app.get('/now', (c) => {
    const unixMs = now()
    const iso = new Date(unixMs).toISOString()
    c.header('Vary', 'Accept')
    return wantedType(c) === 'application/json' ? c.json({ now: iso, unixMs, release }) : c.text(iso)
  })
  app.get('/healthz', (c) => (draining ? c.text('draining', 503) : c.text('ok')))
  for (const path of ['/now', '/healthz']) {
    app.all(path, (c) => c.text('method not allowed', 405, { Allow: 'GET, HEAD' }))
  }
  app.notFound((c) => c.text('not found', 404))

  return {
    app,
    drain() {
      draining = true
    },
  }
}

function wantedType(c: Context): string {
  const supports = ['text/plain', 'application/json']
  return accepts(c, { header: 'Accept', supports, default: 'text/plain', match: bestType })
}

interface MediaRange {
  type: string
  q: number
}

/**
 * RFC 9110, 12.5.1: the quality of a type is that of the most specific range covering it. Among types of equal quality:
 * the more specifically named, then the earlier named, then the first in the service's list.
 */
function bestType(
  ranges: MediaRange[],
  { supports, default: fallback }: { supports: string[]; default: string },
): string {
  const acceptable = supports.map((type) => ({ type, ...standing(type, ranges) })).filter(({ quality }) => quality > 0)
  acceptable.sort((a, b) => b.quality - a.quality || a.breadth - b.breadth || a.position - b.position)
  return acceptable[0]?.type ?? fallback
}

function standing(type: string, ranges: MediaRange[]) {
  for (const [breadth, covering] of [type, `${type.split('/')[0]}/*`, '*/*'].entries()) {
    const position = ranges.findIndex((range) => range.type.toLowerCase() === covering)
    if (position >= 0) return { quality: ranges[position]?.q ?? 0, breadth, position }
  }
  return { quality: 0, breadth: 0, position: 0 }
}
