/**
 * Measures the local platform on this computer: `node benchmarks/local.ts [FOLDER]`. Takes about twenty minutes under plain
 * emulation, works in its own home, and writes benchmarks/results/local.md and local.json.
 */
import { readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { homeAt } from '../tasks/platforms/home.ts'
import { launchInstance, terminateInstance } from '../tasks/platforms/local/instances.ts'
import { callVerb, machine, measurements, port, repository, seconds } from './measurements.ts'

const home = homeAt(process.argv[2] ?? join(tmpdir(), `bakeroll-benchmark-${process.pid}`))
const { record, write } = measurements()
const verb = (...words: string[]) => callVerb(home.folder, words)

/** The demo, recorded as tasks/dev/render-demo.ts reads it. */
async function recordedDemo() {
  const startedAt = performance.now()
  const env = { BAKEROLL_HOME: home.folder, BAKEROLL_LOCAL_PORT: String(port) }
  const demo = execa('sh', ['tasks/run.sh', 'demo', '--keep', '--json'], { cwd: repository, env, stdin: 'ignore' })
  const lines: unknown[] = [{ version: 2, width: 100, height: 20, title: 'npm run demo' }]
  for await (const line of demo.iterable({ from: 'stderr' })) {
    lines.push([Math.round((performance.now() - startedAt) / 1000), 'o', `${line}\r\n`])
    process.stderr.write(`${line}\n`)
  }
  const recording = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  await writeFile(join(repository, 'benchmarks/results/demo.cast'), recording)
  return JSON.parse((await demo).stdout)
}

async function median(runs: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < runs; run++) times.push(await seconds(work))
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? Number.NaN
}

async function bootToNow(imageId: string): Promise<number> {
  const folder = join(home.folder, 'boot')
  await mkdir(folder, { recursive: true })
  const instance = await launchInstance(home, folder, imageId, machine)
  const launchedAt = performance.now()
  const url = `http://${instance.host}:${instance.httpPort}/now`
  const answers = () =>
    fetch(url, { signal: AbortSignal.timeout(5000) }).then(
      (response) => response.ok,
      () => false,
    )
  while (!(await answers())) await sleep(100)
  const time = (performance.now() - launchedAt) / 1000
  await terminateInstance(folder, instance.id)
  return time
}

/** Peak memory of all processes whose command line names the home, in MiB; PSS splits shared memory. */
function watchMemory(): { stop(): number } {
  let highest = 0
  const timer = setInterval(async () => {
    const { stdout } = await execa('pgrep', ['-f', `${home.folder}|tasks/terminal/main.ts`], { reject: false })
    const kib = stdout.split('\n').map(proportionalKib)
    highest = Math.max(highest, kib.reduce((all, one) => all + one, 0) / 1024)
  }, 1000)
  return {
    stop() {
      clearInterval(timer)
      return highest
    },
  }
}

/** The memory of a process, with its share of shared memory; 0 for one that has just ended. */
function proportionalKib(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Pss:\s+(\d+)/m)?.[1] ?? 0)
  } catch {
    return 0
  }
}

// The demo first: like a new user's, it starts with an empty home.
const memory = watchMemory()
const demo = await recordedDemo()
record(
  'demo from a clean home',
  demo.steps.reduce((all: number, step: { seconds: number }) => all + step.seconds, 0),
  1200,
)
record('demo: highest memory of all its processes', memory.stop(), 4096, 'MiB')
for (const { name, seconds: time } of demo.steps) record(`demo step: ${name}`, time)
record('demo: requests sent', demo.requests.sent, undefined, 'requests')
record('demo: requests failed', demo.requests.failed, 0, 'requests')

record('deploy without a change', await median(5, () => verb('deploy')), 2)
record('status', await median(9, () => verb('status')), 1)
record('check, one url on loopback', await median(9, () => verb('check', `http://127.0.0.1:${port}`)), 0.25)
record('--help', await median(9, () => execa('sh', ['tasks/run.sh', '--help'], { cwd: repository })), 0.2)
record('bake of an image that exists', await median(5, () => verb('bake', '--release', '1.0.0')), 2)
record('roll of two instances, one at a time', (await verb('roll', '--image', '1.0.0')).seconds, 240)
await verb('destroy', '--yes')

record('boot to the first 200 on /now', await bootToNow((await verb('bake', '--release', '1.0.0')).image), 40)

const table = write('local')
await rm(home.folder, { recursive: true })
process.stdout.write(table)
