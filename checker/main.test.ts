// needs: test/nodes
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { builtChecker } from './fixtures/bundle.ts'
import { lacksNodes, nodes } from './fixtures/nodes.ts'
import { freeUrl, startService, startSocketService, timeService } from './fixtures/service.ts'
import { flagsIn } from './settings/setting.ts'

const main = new URL('main.ts', import.meta.url).pathname

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(argv: string[], node = process.execPath, file = main, cwd = '/'): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(node, [file, ...argv], { cwd }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? Number.NaN, stdout, stderr })
    })
  })
}

t.test('ok: one line, exit code 0, nothing on stderr', async (t) => {
  const { code, stdout, stderr } = await run([await startService(t, timeService()), '--expect-version=1.4.0'])
  t.match(stdout, /^http:\/\/127\.0\.0\.1:\d+ ok: version 1\.4\.0, clock .* ± .*, answers in .*\n$/)
  t.same({ code, stderr }, { code: 0, stderr: '' })
})

t.test('critical: exit code 2, and --json has the documented shape', async (t) => {
  const url = await startService(t, timeService(3_600_000))
  const { code, stdout } = await run([url, '--json', '--expect-version', '1.4.0'])
  const report = JSON.parse(stdout)
  t.equal(code, 2)
  t.same(Object.keys(report), ['ok', 'verdict', 'summary', 'targets'])
  t.same(Object.keys(report.targets[0]), 'url address verdict reasons status latencyMs version clock'.split(' '))
  t.same(Object.keys(report.targets[0].clock), ['offsetMs', 'errorMs', 'limitMs', 'format', 'samples', 'clocks'])
  t.match(report, { ok: false, verdict: 'critical', targets: [{ url, address: '127.0.0.1', status: 200 }] })
})

t.test('warning exits with 1, unknown with 3', async (t) => {
  const slow = await startService(t, (request, response) => {
    setTimeout(() => timeService()(request, response), 30)
  })
  t.equal((await run([slow, '--warning-latency', '1ms', '--samples', '2'])).code, 1)
  const unproven = await run([slow, '--max-offset', '1ms', '--samples', '2'])
  t.equal(unproven.code, 3)
  t.match(unproven.stdout, 'not proven to be within 1 ms')
})

t.test('wrong usage: every problem on stderr, exit code 3, no request', async (t) => {
  let asked = 0
  const url = await startService(t, (request, response) => {
    asked += 1
    timeService()(request, response)
  })
  const { code, stdout, stderr } = await run([url, '--sampels', '3', '--max-offset', '1', '--output', '/nowhere/x'])
  t.equal(code, 3)
  t.equal(stdout, '')
  t.match(stderr, 'error: --sampels: unknown flag; did you mean --samples?\n')
  t.match(stderr, 'error: --max-offset: expected a duration with its unit, like 500ms, 30s, 10m or 1h, got "1"\n')
  t.match(stderr, 'error: --output: cannot write /nowhere/x: there is no folder /nowhere')
  t.match(stderr, 'hint: --help lists every flag\n')
  t.equal(asked, 0)
})

t.test('wrong usage is also reported in the requested format', async (t) => {
  const json = await run(['a.example', '--json'])
  t.match(JSON.parse(json.stdout), { ok: false, verdict: 'unknown', targets: [] })
  const nagios = await run(['--format', 'nagios'])
  t.equal(nagios.stdout, 'CHECK UNKNOWN - wrong usage: no url: expected at least one, such as http://localhost:8080\n')
  t.same([json.code, nagios.code], [3, 3])
})

t.test('--output gets the report, stdout the summary', async (t) => {
  const folder = t.testdir({ 'check.prom': 'old' })
  const file = join(folder, 'check.prom')
  const { code, stdout } = await run([await freeUrl(), '--format', 'prometheus', '--output', file])
  t.equal(code, 2)
  t.match(stdout, /^http:\/\/127\.0\.0\.1:\d+: GET \/now: connection refused\n$/)
  t.match(readFileSync(file, 'utf8'), /^# HELP bakeroll_check_ok .*\n# TYPE bakeroll_check_ok gauge\n/)
  t.same(readdirSync(folder), ['check.prom'])
})

t.test('--help lists every flag and the exit codes, --version prints the package version', async (t) => {
  const { settings } = await import('./options/command-line.ts')
  const help = await run(['--help'])
  t.equal(help.code, 0)
  for (const flag of [...flagsIn(settings).keys(), 'help', 'version']) t.match(help.stdout, `  --${flag}`)
  t.match(help.stdout, 'Exit codes: 0 ok, 1 warning, 2 critical, 3 unknown')
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  t.same(await run(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} ends a check and a watch of a silent service without an alarm`, async (t) => {
    const folder = t.testdir()
    const built = await builtChecker()
    const words = ['--timeout', '10m', '--ntp', 'none', '--state', join(folder, 'state.json')]
    for (const [mode, stopped] of [
      [[], /^unknown: stopped before it finished\n$/],
      [['--watch', '1h'], /^$/],
    ] as const) {
      let child: ChildProcess | undefined
      const silent = await startSocketService(t, () => child?.kill(signal))
      child = spawn(process.execPath, [built, silent, ...words, ...mode], { stdio: ['ignore', 'pipe', 'pipe'] })
      t.match(await heard(child), { code: 130, stdout: stopped, stderr: /^$/ }, mode.join(' '))
      t.same(readdirSync(folder), [], 'no state and no lock')
    }
  })
}

t.test('a signal interrupts delivery, and the next run delivers the message', async (t) => {
  const folder = t.testdir()
  const built = await builtChecker()
  let child: ChildProcess | undefined
  const hook = await startSocketService(t, () => child?.kill('SIGTERM'))
  const state = join(folder, 'state.json')
  const words = ['--timeout', '10m', '--ntp', 'none', '--state', state, '--failures', '1', '--notify', `${hook}/hook`]
  child = spawn(process.execPath, [built, await freeUrl(), ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.match(await heard(child), { code: 2, stdout: /connection refused/, stderr: /1 message waits for the next run/ })
  t.equal(JSON.parse(readFileSync(state, 'utf8')).outbox.length, 1)
})

t.test('a second signal ends it at once', async (t) => {
  const built = await builtChecker()
  let child: ChildProcess | undefined
  const silent = await startSocketService(t, () => {
    child?.kill('SIGTERM')
    child?.kill('SIGINT')
  })
  child = spawn(process.execPath, [built, silent, '--timeout', '10m'], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.match(await heard(child), { code: 130, stderr: /^$/ })
})

/** Exit code and output of a process. */
async function heard(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk) => {
      said[name] += chunk
    })
  }
  const [code] = await once(child, 'close')
  return { code, ...said }
}

t.test('the bundle runs as a single file in an empty folder, on every supported Node', async (t) => {
  const folder = t.testdir({ alone: {} })
  const built = await builtChecker()
  const alone = join(folder, 'alone')
  copyFileSync(built, join(alone, 'check.mjs'))
  const url = await startService(t, timeService())
  for (const { path: node } of nodes) {
    for (const format of ['text', 'json', 'nagios', 'prometheus', 'junit']) {
      const { code, stdout, stderr } = await run([url, '--format', format], node, 'check.mjs', alone)
      t.same({ code, stderr }, { code: 0, stderr: '' }, `${node} ${format}`)
      t.match(stdout, /1\.4\.0|offset=/)
    }
    t.match(await run(['--version'], node, 'check.mjs', alone), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  }
})

t.test('Node 20, 22 and our own are installed', { skip: lacksNodes }, async (t) => {
  for (const major of [20, 22, Number.parseInt(process.versions.node, 10)])
    t.ok(nodes.some(({ version }) => version.startsWith(`${major}.`)))
})
