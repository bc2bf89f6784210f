/**
 * Measures the bundled checker beside a bare Node, Python's urllib and Prometheus' blackbox_exporter, all in one run:
 * `node_modules/.bin/node benchmarks/checker.ts`. Needs nginx, curl, Python, Chromium and Debian's prometheus-blackbox-exporter, and
 * ten minutes. Writes results/checker.md and checker.json, and fails when a limit is not met.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { buildChecker } from '../checker/build.ts'
import { startService, startSocketService, timeService } from '../checker/fixtures/service.ts'
import { startNameServer } from '../checker/names/fixtures/name-server.ts'
import { runWithFiles } from '../checker/names/fixtures/own-files.ts'
import type { CheckReport } from '../checker/verdict/report.ts'
import { measureExporters, probeAll } from './checker-exporter.ts'
import { type Cost, measure, median } from './checker-meter.ts'
import { measureHistory } from './checker-page.ts'
import { memoryOf, type Server, startBlackboxExporter, startExporter, startNginx } from './checker-servers.ts'
import { measureStarts } from './checker-start.ts'

const results = join(import.meta.dirname, 'results')
const folder = await mkdtemp(join(tmpdir(), 'bakeroll-benchmark-'))
const bundle = await buildChecker(join(folder, 'check.mjs'))
const node = process.execPath
const [loadBefore] = loadavg()
/** Ends the servers of this process. */
const ends: (() => void)[] = []
const here = { teardown: (end: () => void) => void ends.push(end) }
const rows: { name: string; measured: number; limit?: number; unit: string; beside?: string }[] = []

function record(name: string, measured: number, unit: string, limit?: number, beside?: string): void {
  rows.push({ name, measured, unit, ...(limit === undefined ? {} : { limit }), ...(beside && { beside }) })
  process.stderr.write(`${name}: ${shown(measured)} ${unit}${limit === undefined ? '' : ` (limit ${shown(limit)})`}\n`)
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)))
}

const check = (...words: string[]): Promise<Cost> => measure(node, [bundle, '--ntp', 'none', ...words])
const reportOf = ({ stdout }: Cost): CheckReport => JSON.parse(stdout)

/** This many URLs, each with its own address. */
function addresses(count: number, port: number): string[] {
  return Array.from({ length: count }, (_, at) => `http://127.${1 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}:${port}`)
}

async function listOf(urls: readonly string[]): Promise<string> {
  const file = join(folder, `targets-${urls.length}`)
  await writeFile(file, `${urls.join('\n')}\n`)
  return file
}

async function oneShot(url: string): Promise<void> {
  const quiet = await measureStarts(bundle, url, 0)
  record(
    'one check from a cold start / a bare `node -e 0`',
    quiet.ours / quiet.bare,
    'times',
    3,
    `${shown(quiet.bare)} s`,
  )
  record('one check from a cold start', quiet.ours, 's', quiet.urllib, 'one GET by urllib')
  record('the same, processor time', quiet.oursCpu, 's', quiet.urllibCpu, 'one GET by urllib')
  record('its memory', quiet.memoryMib, 'MiB', 80)
  for (const loops of [2, 4]) {
    const busy = await measureStarts(bundle, url, loops)
    record(`one check from a cold start, with ${loops} busy loops`, busy.ours, 's', busy.urllib, 'one GET by urllib')
  }
}

async function thousand(nginx: Server): Promise<void> {
  const urls = addresses(1000, nginx.port)
  const file = await listOf(urls)
  const blackbox = await startBlackboxExporter(folder)
  const [one, ours, theirs]: [Cost[], Cost[], Cost[]] = [[], [], []]
  try {
    for (let round = 0; round < 31; round++) {
      theirs.push(await probeAll(blackbox, folder, urls, 'module=http_2xx&', '/now'))
      one.push(await check('--targets', file, '--json', '--samples', '1'))
      ours.push(await check('--targets', file, '--json'))
    }
  } finally {
    await blackbox.stop()
  }
  const of = (costs: readonly Cost[], key: 'wallSeconds' | 'cpuSeconds' | 'memoryMib') =>
    median(costs.map((cost) => cost[key]))
  const beside = 'blackbox_exporter, one GET'
  const single = '1,000 targets, one sample and the version each'
  record(`${single}: wall time`, of(one, 'wallSeconds'), 's', of(theirs, 'wallSeconds'), beside)
  record(`${single}: processor time`, of(one, 'cpuSeconds'), 's', of(theirs, 'cpuSeconds'), beside)
  const usual = '1,000 targets, five samples and the version each'
  record(`${usual}: wall time`, of(ours, 'wallSeconds'), 's', of(theirs, 'wallSeconds'), beside)
  record(`${usual}: processor time`, of(ours, 'cpuSeconds'), 's', of(theirs, 'cpuSeconds'), beside)
  record('the same, memory', of(ours, 'memoryMib'), 'MiB', 60)
  for (const count of [4000, 8000]) {
    const cost = await check('--timeout', '60s', '--targets', await listOf(addresses(count, nginx.port)))
    record(`memory for ${count} targets`, cost.memoryMib, 'MiB')
  }
  const clocks = ours.flatMap((cost) => reportOf(cost).targets.map(({ clock }) => clock))
  const wrong = clocks.filter((clock) => clock === undefined || Math.abs(clock.offsetMs) > clock.errorMs)
  record(`clocks outside their bound, of ${clocks.length}`, wrong.length, '', 0)
  record('clock error under this load, median', median(clocks.map((c) => Math.abs(c?.offsetMs ?? Number.NaN))), 'ms', 1)
}

async function exporter(nginx: Server): Promise<void> {
  const urls = addresses(1000, nginx.port)
  const { blackbox, oneSample, usual, trusting } = await measureExporters(bundle, folder, urls)
  const beside = 'blackbox_exporter, one GET'
  for (const [name, cost] of Object.entries({ 'one sample': oneSample, 'five samples': usual })) {
    const what = `exporter, 1,000 probes, 16 at a time, ${name} and the version`
    record(`${what}: wall time`, cost.wallSeconds, 's', blackbox.wallSeconds, beside)
    record(`${what}: processor time`, cost.cpuSeconds, 's', blackbox.cpuSeconds, beside)
  }
  record('its processor time with `--ca` / without', trusting.cpuSeconds / oneSample.cpuSeconds, 'times', 1.2)
  const server = await startExporter(bundle)
  try {
    const memory: number[] = []
    for (let round = 0; round < 20; round++) {
      await probeAll(server, folder, urls)
      memory.push(memoryOf(server.pid).nowMib)
    }
    const late = median(memory.slice(15))
    record('memory of the exporter after 20,000 probes / after 5,000', late / median(memory.slice(2, 7)), 'times', 1.2)
    record('memory of the exporter after 20,000 probes', late, 'MiB')
  } finally {
    await server.stop()
  }
}

async function clockErrors(nginx: Server): Promise<void> {
  const formats: [string, string][] = [
    ['milliseconds of nginx', `http://127.0.0.1:${nginx.port}`],
    ['ISO 8601 with milliseconds', await startService(here, timeService())],
    [
      'unix milliseconds',
      await startService(
        here,
        timeService(0, (date) => String(date.getTime())),
      ),
    ],
  ]
  for (const [name, url] of formats) {
    const errors: number[] = []
    for (let round = 0; round < 21; round++) {
      const [target] = reportOf(await check(url, '--json')).targets
      errors.push(Math.abs(target?.clock?.offsetMs ?? Number.NaN))
    }
    record(`clock error, ${name}, median of 21`, median(errors), 'ms', 1)
  }
  const seconds: [string, (date: Date) => string][] = [
    ['unix seconds', (date) => String(Math.floor(date.getTime() / 1000))],
    ['time of day', (date) => date.toISOString().slice(11, 19)],
  ]
  for (const [name, write] of seconds) {
    const url = await startService(here, timeService(0, write))
    const bounds: number[] = []
    for (let round = 0; round < 5; round++) {
      const [target] = reportOf(await check(url, '--json', '--samples', '10', '--timeout', '30s')).targets
      bounds.push(target?.clock?.errorMs ?? Number.POSITIVE_INFINITY)
    }
    record(`bound of ${name} after ten samples, worst of 5`, Math.max(...bounds), 'ms', 50)
  }
}

async function deadlines(nginx: Server): Promise<void> {
  const drip = (start: string, piece: string) =>
    startSocketService(here, (socket) => {
      socket.write(start)
      const timer = setInterval(() => socket.write(piece), 5)
      socket.on('close', () => clearInterval(timer))
    })
  const hostile = [
    await startSocketService(here, () => {}),
    await drip('HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n', '1'),
    await drip('HTTP/1.1 200 OK\r\n', 'a: b\r\n'),
  ]
  const over: number[] = []
  for (const url of hostile) {
    for (let round = 0; round < 7; round++) {
      const { wallSeconds } = await check(url, '--timeout', '500ms')
      over.push((wallSeconds - 0.5) * 1000)
    }
  }
  record('time of a process past its deadline, worst of 21', Math.max(...over), 'ms', 100)
  // Every tenth never answers, and keeps its place until the end.
  const [silent] = hostile
  const mixed = addresses(500, nginx.port).map((url, at) => (at % 10 === 0 ? `${silent}/${at}` : url))
  const { wallSeconds, stdout } = await check('--json', '--timeout', '3s', '--targets', await listOf(mixed))
  const { targets } = JSON.parse(stdout) as CheckReport
  const well = targets.filter(({ verdict }) => verdict === 'ok').length
  record('healthy targets not reported ok, of 500 with 50 silent', 450 - well, '', 0)
  record('the same, time of the process past its deadline', (wallSeconds - 3) * 1000, 'ms', 100)
}

/** Name servers that receive queries and never answer. */
async function deadNameServers(): Promise<void> {
  for (const count of [1, 3]) {
    const servers = await Promise.all(Array.from({ length: count }, () => startNameServer(here, () => undefined)))
    const files = { 'resolv.conf': servers.map(({ address }) => `nameserver ${address}\n`).join('') }
    const over: number[] = []
    for (let round = 0; round < 5; round++) {
      const words = ['--ntp', 'none', '--timeout', '1s', 'http://dead.example']
      over.push((await runWithFiles(files, [node, bundle, ...words])).tookMs - 1000)
    }
    const name = `time of a process past its deadline, ${count} dead name ${count === 1 ? 'server' : 'servers'}, worst of 5`
    record(name, Math.max(...over), 'ms', 100)
  }
}

async function history(): Promise<void> {
  const { databaseMb, writing, pageMb, openMs } = await measureHistory(bundle, folder, 100)
  record('a year of 100 targets, a check a minute: database', databaseMb, 'MB', 50)
  record('writing its status page', writing.wallSeconds, 's')
  record('its size', pageMb, 'MB')
  record('opening it in Chromium', openMs / 1000, 's', 1)
}

const nginx = await startNginx(folder)
try {
  await oneShot(`http://127.0.0.1:${nginx.port}`)
  await thousand(nginx)
  await exporter(nginx)
  await clockErrors(nginx)
  await deadlines(nginx)
  await deadNameServers()
  await history()
} finally {
  for (const end of ends) end()
  await nginx.stop()
  await rm(folder, { recursive: true, force: true })
}

const { stdout: commit } = await execa('git', ['rev-parse', '--short', 'HEAD'], { cwd: results })
const load =
  loadBefore === undefined
    ? ''
    : `; load ${loadBefore.toFixed(1)} before, ${loadavg()[0]?.toFixed(1)} after, own work included`
const machine = `${cpus().length} cores, ${cpus()[0]?.model.trim()}, Node ${process.version}, commit ${commit}${load}`
const lines = rows.map(({ name, measured, unit, limit, beside }) => {
  const most = limit === undefined ? '' : `${shown(limit)} ${unit}${beside === undefined ? '' : `, ${beside}`}`
  return `| ${name} | ${shown(measured)} ${unit} | ${most} |`
})
const text = [
  '# The checker, as one file',
  '',
  `Measured on ${new Date().toISOString().slice(0, 10)}: ${machine}. Medians unless stated otherwise; peers in the same run.`,
  '',
  '| what | measured | at most |',
  '|---|---|---|',
  ...lines,
  '',
].join('\n')
await writeFile(join(results, 'checker.md'), text)
await writeFile(join(results, 'checker.json'), `${JSON.stringify(rows, null, 2)}\n`)
process.stdout.write(text)
if (rows.some(({ measured, limit = Number.POSITIVE_INFINITY }) => !(measured <= limit))) process.exitCode = 1
