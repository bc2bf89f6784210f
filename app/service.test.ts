import t from 'tap'
import { createService } from './service.ts'

const unixMs = Date.UTC(2025, 0, 2, 3, 4, 5, 60)
const iso = '2025-01-02T03:04:05.060Z'
const json = { now: iso, unixMs, release: '1.4.0' }
const open = () => createService({ release: '1.4.0', now: () => unixMs })

t.test('GET /now responds in the type that the client prefers', async (t) => {
  const cases: [accept: string | undefined, type: 'text' | 'json'][] = [
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    ['text/html', 'text'],
    ['application/json', 'json'],
    ['Application/JSON; charset=utf-8', 'json'],
    ['application/*', 'json'],
    ['application/json, text/plain, */*', 'json'],
    ['text/plain, application/json', 'text'],
    ['text/plain;q=0.5, application/json', 'json'],
    ['application/json;q=0.5, */*', 'text'],
    ['application/json, */*;q=0.1', 'json'],
    ['text/plain;q=0, */*', 'json'],
    ['application/json;q=0, */*', 'text'],
    ['*/*;q=0', 'text'],
  ]
  for (const [accept, type] of cases) {
    const response = await open().app.request('/now', accept === undefined ? {} : { headers: { accept } })
    const name = `Accept: ${accept}`
    t.equal(response.status, 200, name)
    t.match(response.headers.get('content-type'), type === 'json' ? /^application\/json/ : /^text\/plain/, name)
    t.equal(response.headers.get('vary'), 'Accept', name)
    t.equal(response.headers.get('cache-control'), 'no-store', name)
    t.same(type === 'json' ? await response.json() : await response.text(), type === 'json' ? json : iso, name)
  }
})

t.test('reports the real time without a test clock', async (t) => {
  const { app } = createService({ release: '1.4.0' })
  const before = Date.now()
  const response = await app.request('/now', { headers: { accept: 'application/json' } })
  const { unixMs } = (await response.json()) as { unixMs: number }
  t.ok(before <= unixMs && unixMs <= Date.now())
})

t.test('/healthz goes from 200 to 503 on drain, /now stays', async (t) => {
  const { app, drain } = open()
  t.equal((await app.request('/healthz')).status, 200)
  drain()
  const draining = await app.request('/healthz')
  t.equal(draining.status, 503)
  t.equal(await draining.text(), 'draining')
  t.equal((await app.request('/now')).status, 200)
})

t.test('HEAD responds like GET, without a body', async (t) => {
  for (const path of ['/now', '/healthz']) {
    const response = await open().app.request(path, { method: 'HEAD' })
    t.equal(response.status, 200, path)
    t.match(response.headers.get('content-type'), /^text\/plain/, path)
    t.equal(await response.text(), '', path)
  }
})

t.test('refuses everything else in plain text, never cached', async (t) => {
  const cases: [method: string, path: string, status: number, body: string, allow: string | null][] = [
    ['GET', '/', 404, 'not found', null],
    ['GET', '/now/', 404, 'not found', null],
    ['POST', '/nowhere', 404, 'not found', null],
    ['POST', '/now', 405, 'method not allowed', 'GET, HEAD'],
    ['DELETE', '/healthz', 405, 'method not allowed', 'GET, HEAD'],
    ['OPTIONS', '/now', 405, 'method not allowed', 'GET, HEAD'],
  ]
  for (const [method, path, status, body, allow] of cases) {
    const response = await open().app.request(path, { method })
    const name = `${method} ${path}`
    t.equal(response.status, status, name)
    t.equal(await response.text(), body, name)
    t.match(response.headers.get('content-type'), /^text\/plain/, name)
    t.equal(response.headers.get('allow'), allow, name)
    t.equal(response.headers.get('cache-control'), 'no-store', name)
  }
})
