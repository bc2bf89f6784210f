import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { builtChecker } from '../fixtures/bundle.ts'
import { freeUrl, startService, startSocketService, timeService } from '../fixtures/service.ts'

const bundle = await builtChecker()

interface Exporter {
  readonly url: string
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
}

function start(t: Test, ...argv: string[]): Promise<Exporter> {
  const child = spawn(process.execPath, [bundle, '--serve', '127.0.0.1:0', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let said = ''
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      said += chunk
      const url = /serving (\S+)\/metrics/.exec(said)?.[1]
      if (url !== undefined) resolve({ url, child, ended })
    })
    child.once('exit', () => reject(new Error(said)))
  })
}

/** The response to a request for exactly this target, which no client would send. */
async function raw(url: string, target: string): Promise<string> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.end(`GET ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  return answer
}

async function get(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers })
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
}

t.test('/metrics checks the targets of the command line at each scrape', async (t) => {
  let asked = 0
  const service = await startService(t, (request, response) => {
    asked += 1
    timeService(2000)(request, response)
  })
  const { url } = await start(t, service, '--samples', '1')
  t.equal(asked, 0)
  const { status, type, body } = await get(`${url}/metrics`)
  t.equal(status, 200)
  t.match(type, /^text\/plain; version=0\.0\.4/)
  const labels = `{url="${service}",address="127.0.0.1"}`
  t.match(body, `bakeroll_check_verdict${labels} 2\n`)
  t.match(body, /\nbakeroll_check_clock_offset_seconds\{[^}]+\} (2|1\.99|2\.00)\d*\n/)
  t.match(body, /\nbakeroll_check_version_info\{[^}]+found="1\.4\.0"\} 1\n/)
  t.match(body, /\nbakeroll_check_run_duration_seconds 0\.\d+\n/)
  t.match(body, /\nprocess_cpu_seconds_total /)
  const families = [...body.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name)
  t.strictSame(families, [...new Set(families)], 'each family once')
  const before = asked
  await get(`${url}/metrics`)
  t.ok(asked > before)
})

t.test('/probe checks any URL, with metrics of blackbox_exporter and our own', async (t) => {
  const { url } = await start(t)
  const good = await startService(t, timeService())
  const probe = async (target: string) => get(`${url}/probe?target=${encodeURIComponent(target)}`)
  const found = await probe(good)
  t.equal(found.status, 200)
  t.match(found.body, '\nprobe_success 1\n')
  t.match(found.body, /\nprobe_duration_seconds 0\.\d+\n/)
  t.match(found.body, `bakeroll_check_ok{url="${good}",address="127.0.0.1"} 1\n`)
  const dead = await probe(await freeUrl())
  t.equal(dead.status, 200)
  t.match(dead.body, '\nprobe_success 0\n')
  t.notMatch(dead.body, 'clock_offset')
  t.match(dead.body, /^# critical http:\/\/127\.0\.0\.1:\d+: GET \/now: connection refused\n/m, 'with the reason')
  t.notMatch(found.body, /^# (ok|critical)/m)
})

t.test('ends scrapes whose client has gone and makes room at once', async (t) => {
  const { url } = await start(t, '--timeout', '60s')
  const good = await startService(t, timeService())
  const open = new Set<unknown>()
  let asked = () => {}
  let ended = () => {}
  const silent = await startSocketService(t, (socket) => {
    open.add(socket.resume())
    asked()
    socket.on('close', () => {
      open.delete(socket)
      ended()
    })
  })
  const gone = new AbortController()
  const scrapes = Array.from({ length: 100 }, () =>
    fetch(`${url}/probe?target=${silent}`, { signal: gone.signal }).catch(() => {}),
  )
  await new Promise<void>((resolve) => {
    asked = () => open.size === 100 && resolve()
  })
  t.match(await get(`${url}/probe?target=${good}`), { status: 503 })
  const allEnded = new Promise<void>((resolve) => {
    ended = () => open.size === 0 && resolve()
  })
  gone.abort()
  await Promise.all([...scrapes, allEnded])
  t.match(await get(`${url}/probe?target=${good}`), { status: 200, body: /probe_success 1/ })
})

t.test('/page shows the history, and each scrape adds to it', async (t) => {
  const service = await startService(t, timeService())
  const { url } = await start(t, service, '--history-file', join(t.testdir(), 'history.db'))
  t.match(await get(`${url}/page`), { status: 503, body: /holds no history yet/ })
  await get(`${url}/metrics`)
  const { status, type, body } = await get(`${url}/page`)
  t.same([status, type], [200, 'text/html; charset=utf-8'])
  t.match(body, new URL(service).host)
  const { url: bare } = await start(t)
  t.match(await get(`${bare}/page`), { status: 404, body: /--history-file FILE/ })
})

t.test('refuses bad requests', async (t) => {
  const { url } = await start(t)
  const cases: [string, number, RegExp, Record<string, string>?][] = [
    ['/probe', 400, /^target: missing/],
    ['/probe?target=ftp://a.example', 400, /expected http or https, got ftp/],
    ['/probe?target=http://a.example', 400, /expected seconds/, { 'x-prometheus-scrape-timeout-seconds': 'soon' }],
    ['/other', 404, /expected \/metrics/],
  ]
  for (const [path, status, body, headers] of cases) t.match(await get(url + path, headers), { status, body }, path)
  t.equal((await fetch(`${url}/metrics`, { method: 'POST' })).status, 405)
  for (const target of ['//', '//metrics', '*']) t.match(await raw(url, target), /^HTTP\/1\.1 40[04] /, target)
  t.match(await raw(url, `${url}/`), /^HTTP\/1\.1 200 /, 'an absolute URL')
  const head = await fetch(`${url}/metrics`, { method: 'HEAD' })
  t.same([head.status, await head.text()], [200, ''])
})

t.test('uses the timeout of the scraper for the check', async (t) => {
  const { url } = await start(t, '--timeout', '60s')
  const silent = await startSocketService(t, () => {})
  const { body } = await get(`${url}/probe?target=${silent}`, { 'X-Prometheus-Scrape-Timeout-Seconds': '1' })
  t.match(body, '\nprobe_success 0\n')
  t.match(body, /\nprobe_duration_seconds (0\.|1\.|[2-9]\.)/, 'not the 60 s of the flag')
})

t.test('SIGTERM: answers the scrape in progress and accepts no other', async (t) => {
  const { url, child, ended } = await start(t, '--timeout', '60s')
  const held = await new Promise<{ target: string; release: () => void; asked: Promise<void> }>((resolve) => {
    let tell = () => {}
    const asked = new Promise<void>((done) => {
      tell = done
    })
    let release = () => {}
    const gate = new Promise<void>((done) => {
      release = done
    })
    void startService(t, async (request, response) => {
      tell()
      await gate
      timeService()(request, response)
    }).then((target) => resolve({ target, release, asked }))
  })
  const scrape = get(`${url}/probe?target=${held.target}`)
  await held.asked
  child.kill('SIGTERM')
  await t.rejects(untilRefused(url), 'no longer listens')
  held.release()
  t.match(await scrape, { status: 200, body: /probe_success 1/ })
  t.equal(await ended, 0)
})

t.test('SIGTERM: ends scrapes after a second, without reporting targets as down', async (t) => {
  const silent = await startSocketService(t, () => {})
  const { url, child, ended } = await start(t, silent, '--timeout', '10m', '--ntp', 'none')
  const { port } = new URL(url)
  // One client that never sends a request, and one that never reads its response.
  const mute = connect(Number(port), '127.0.0.1').on('error', () => {})
  const scrapes = ['/metrics', `/probe?target=${silent}`].map((path) => get(url + path))
  const deaf = connect(Number(port), '127.0.0.1').on('error', () => {})
  deaf.write(`GET /probe?target=${silent} HTTP/1.1\r\nhost: a\r\n\r\n`)
  deaf.pause()
  t.teardown(() => {
    mute.destroy()
    deaf.destroy()
  })
  // This response shows that the earlier scrapes have arrived.
  await get(`${url}/`)
  child.kill('SIGTERM')
  for (const scrape of scrapes) t.match(await scrape, { status: 503, body: 'the exporter is stopping\n' })
  t.equal(await ended, 0)
})

t.test('a second signal aborts scrapes in progress', async (t) => {
  const { url, child, ended } = await start(t, '--timeout', '10m')
  const silent = await startSocketService(t, () => {
    child.kill('SIGTERM')
    child.kill('SIGINT')
  })
  await t.rejects(get(`${url}/probe?target=${silent}`))
  t.equal(await ended, 130)
})

async function untilRefused(url: string): Promise<void> {
  for (;;) await (await fetch(url)).text()
}

t.test('reports a port in use, with exit code 3', async (t) => {
  const taken = new URL(await startService(t, timeService())).host
  const child = spawn(process.execPath, [bundle, '--serve', taken], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  t.equal(await new Promise((resolve) => child.once('close', resolve)), 3)
  t.match(said, `error: --serve: cannot listen on ${taken}: listen EADDRINUSE`)
})
