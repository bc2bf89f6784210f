/**
 * Measures the local platform on this computer: `node benchmarks/local.ts [FOLDER]`. Takes about half an hour under plain
 * emulation, works in a home of its own, and writes benchmarks/results/local.md and local.json.
 */
import { readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { basePackages } from '../tasks/platforms/local/bakery.ts'
import { homeAt } from '../tasks/platforms/local/home.ts'
import { launchInstance, terminateInstance } from '../tasks/platforms/local/instances.ts'
import { type LayerTask, makeSource, openWork, provision } from '../tasks/platforms/local/layers.ts'
import { recipeFor } from '../tasks/platforms/recipe.ts'
import { releaseVariables, runtimeVariables } from '../tasks/platforms/role-variables.ts'
import { silentProgress } from '../tasks/terminal/progress.ts'
import { chooseAccelerator } from '../tasks/tools/qemu.ts'

const repository = join(import.meta.dirname, '..')
const home = homeAt(process.argv[2] ?? join(tmpdir(), `bakeroll-benchmark-${process.pid}`))
const port = 18_180
const { accelerator } = chooseAccelerator('auto')
const machine = { accelerator, cpus: 2, memoryMib: 768 }
const results: Record<string, { measured: number; limit: number | null; unit: string }> = {}

function record(name: string, measured: number, limit: number | null, unit = 's'): void {
  results[name] = { measured: Math.round(measured * 1000) / 1000, limit, unit }
  process.stderr.write(`${name}: ${measured.toFixed(2)} ${unit}${limit === null ? '' : ` (limit ${limit})`}\n`)
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return (performance.now() - startedAt) / 1000
}

/** A verb, called as its npm script calls it; throws when it fails. */
async function verb(...words: string[]) {
  const { stdout } = await execa('sh', ['tasks/run.sh', ...words, '--json'], {
    cwd: repository,
    env: { BAKEROLL_HOME: home.folder, BAKEROLL_LOCAL_PORT: String(port) },
    stdin: 'ignore',
  })
  return JSON.parse(stdout)
}

/** The demo, its lines kept with the second at which each came, for docs/render-demo.ts. */
async function recordedDemo() {
  const startedAt = performance.now()
  const env = { BAKEROLL_HOME: home.folder, BAKEROLL_LOCAL_PORT: String(port) }
  const demo = execa('sh', ['tasks/run.sh', 'demo', '--keep', '--json'], { cwd: repository, env, stdin: 'ignore' })
  const lines: string[] = []
  for await (const line of demo.iterable({ from: 'stderr' })) {
    lines.push(`${Math.round((performance.now() - startedAt) / 1000)}\t${line}`)
    process.stderr.write(`${line}\n`)
  }
  await writeFile(join(repository, 'benchmarks/results/demo.tsv'), `${lines.join('\n')}\n`)
  return JSON.parse((await demo).stdout)
}

async function median(runs: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < runs; run++) times.push(await seconds(work))
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? Number.NaN
}

/** The same image without layers: one Debian disk, one machine, all roles at once. The test of the result is left out. */
async function bakeSingleLayer(release: string): Promise<void> {
  const source = { suite: 'bookworm', diskGib: 4, packages: basePackages }
  const recipe = await recipeFor(release, source)
  const task: LayerTask = {
    ...{ home, release, source, machine, bootTimeoutSeconds: 300 },
    progress: silentProgress(),
    signal: new AbortController().signal,
  }
  const work = await openWork(home, 'single-layer')
  const at = (name: string) => join(work.folder, name)
  const disk = { disk: at('source.qcow2'), kernel: at('vmlinuz'), initrd: at('initrd.img') }
  await makeSource(task, disk, work)
  const variables = {
    ...(await runtimeVariables(recipe, work.folder)),
    ...(await releaseVariables(release, recipe, work.folder)),
  }
  await provision(task, work, 'base,release', disk, variables)
  await rm(work.folder, { recursive: true })
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

/** Memory of everything whose command line names the home, highest of all looks, MiB; PSS shares what is shared. */
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

/** What a process uses, its part of shared memory counted in proportion; 0 for one that has just ended. */
function proportionalKib(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Pss:\s+(\d+)/m)?.[1] ?? 0)
  } catch {
    return 0
  }
}

function report(): string {
  const rows = Object.entries(results).map(([name, { measured, limit, unit }]) => {
    return `| ${name} | ${measured} ${unit} | ${limit === null ? '-' : `${limit} ${unit}`} |`
  })
  return [
    `Measured on ${new Date().toISOString().slice(0, 10)}: ${cpus()[0]?.model}, ${cpus().length} processors, ` +
      `${Math.round(totalmem() / 1024 ** 3)} GiB, accelerator ${accelerator}, Node ${process.version}.`,
    '',
    '| what | measured | limit |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

// The demo first: it begins with a clean home, as a stranger's does.
const memory = watchMemory()
const demo = await recordedDemo()
record(
  'demo from a clean home',
  demo.steps.reduce((all: number, step: { seconds: number }) => all + step.seconds, 0),
  1200,
)
record('demo: highest memory of all its processes', memory.stop(), 4096, 'MiB')
for (const { name, seconds: time } of demo.steps) record(`demo step: ${name}`, time, null)
record('demo: requests sent', demo.requests.sent, null, 'requests')
record('demo: requests failed', demo.requests.failed, 0, 'requests')

record('deploy without a change', await median(5, () => verb('deploy')), 2)
record('status', await median(9, () => verb('status')), 1)
record('check, one url on loopback', await median(9, () => verb('check', `http://127.0.0.1:${port}`)), 0.25)
record('--help', await median(9, () => execa('sh', ['tasks/run.sh', '--help'], { cwd: repository })), 0.2)
record('bake that is recognised', await median(5, () => verb('bake', '--release', '1.0.0')), 2)
record('roll of two instances, one at a time', (await verb('roll', '--image', '1.0.0')).seconds, 240)
await verb('destroy', '--yes')

record('boot to the first 200 on /now', await bootToNow((await verb('bake', '--release', '1.0.0')).image), 40)
const release = await seconds(() => verb('bake', '--release', '1.2.0'))
record('release bake on its base layer, tested', release, 150)
record('single-layer bake of the same release, not tested', await seconds(() => bakeSingleLayer('1.2.0')), null)
process.env['ANSIBLE_STRATEGY'] = 'linear'
const single = await seconds(() => bakeSingleLayer('1.2.0'))
record('the same by Packer and Ansible alone, without Mitogen', single, null)
record('release bake / single-layer bake by Packer and Ansible alone', release / single, 0.5, '')

await writeFile(join(repository, 'benchmarks/results/local.json'), `${JSON.stringify(results, null, 2)}\n`)
await writeFile(join(repository, 'benchmarks/results/local.md'), report())
await rm(home.folder, { recursive: true })
process.stdout.write(report())
