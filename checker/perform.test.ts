import { execFile } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { builtChecker } from './fixtures/bundle.ts'
import { startService, startSocketService, timeService } from './fixtures/service.ts'

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly tookMs: number
}

const bundle = await builtChecker()

function run(...argv: string[]): Promise<Ended> {
  const startMs = performance.now()
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [bundle, ...argv], (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? Number.NaN, stdout, stderr, tookMs: performance.now() - startMs })
    })
  })
}

t.test('a dead target delays no other, and the run ends at its deadline', async (t) => {
  const good = await startService(t, timeService())
  const dead = await startSocketService(t, () => {})
  const list = join(t.testdir({ 'targets.txt': `${dead}\n${good} # ours\n` }), 'targets.txt')
  const { code, stdout, tookMs } = await run('--targets', list, '--timeout', '700ms', '--json')
  t.equal(code, 2)
  t.match(JSON.parse(stdout), {
    summary: `1 of 2 targets critical: ${dead}: GET /now: no complete answer within 0.7 s`,
    targets: [{ verdict: 'critical' }, { verdict: 'ok' }],
  })
  const { tookMs: bareMs } = await run('--version')
  // The time to start a process is not the checker's, and differs on a busy machine.
  const slowness = Math.max(1, Number(process.env['BAKEROLL_TEST_SLOW']) || 1)
  t.ok(tookMs - bareMs < 700 + 5000 * slowness, `${tookMs} ms, ${bareMs} ms without a check`)
})

t.test('refuses a list with duplicates, naming both lines, before any request', async (t) => {
  let asked = 0
  const url = await startService(t, () => {
    asked += 1
  })
  const list = join(t.testdir({ 'targets.txt': `${url}\n\n${url}/\n` }), 'targets.txt')
  const { code, stderr } = await run('--targets', list)
  t.same({ code, asked }, { code: 3, asked: 0 })
  t.match(stderr, `error: ${list}:3: url "${url}/": given twice, first on line 1\n`)
})

t.test('--watch without a terminal prints a line per change, and exits with the last verdict on SIGINT', async (t) => {
  let asked = 0
  const url = await startService(t, (request, response) => {
    asked += 1
    if (asked > 4) response.writeHead(503).end()
    else timeService()(request, response)
  })
  const child = execFile(process.execPath, [bundle, '--watch', '100ms', '--samples', '1', url])
  let stdout = ''
  await new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk) => {
      stdout += chunk
      if (stdout.includes('critical')) resolve()
    })
  })
  child.kill('SIGINT')
  const code = await new Promise((resolve) => child.once('exit', resolve))
  t.equal(code, 2)
  const lines = stdout.trimEnd().split('\n')
  t.equal(lines.length, 2, stdout)
  t.match(lines[0], new RegExp(`^\\d{4}-.*Z ok ${url}$`))
  t.match(lines[1], new RegExp(`^\\d{4}-.*Z critical ${url}: GET /now: HTTP 503$`))
})
