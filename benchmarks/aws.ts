/**
 * Measures the aws platform against moto on this computer: `node benchmarks/aws.ts`. Counts the API calls of one observation of
 * 1,000 instances, and times the planning of a deploy without the server's own time. Takes a minute or two, and
 * writes benchmarks/results/aws.md and aws.json.
 */
import { subscribe } from 'node:diagnostics_channel'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { openAccess } from '../tasks/platforms/aws/access/access.ts'
import { openAwsPlatform } from '../tasks/platforms/aws/aws.ts'
import { openAws } from '../tasks/platforms/aws/clients.ts'
import { openInfrastructure } from '../tasks/platforms/aws/infrastructure/infrastructure.ts'
import { namesOf } from '../tasks/platforms/aws/names.ts'
import { registerImage } from '../test/aws/image.ts'
import { startMoto } from '../test/aws/moto.ts'
import { awsSettings, quiet } from '../test/aws/settings.ts'

const repository = join(import.meta.dirname, '..')
const instances = 1000
const home = await mkdtemp(join(tmpdir(), 'bakeroll-benchmark-'))
const moto = await startMoto()
Object.assign(process.env, moto.env)
const aws = openAws({ region: undefined, profile: undefined })
const group = 'thousand'
const limits = new Map([
  ['MinSize', '0'],
  ['MaxSize', String(instances)],
])
const infrastructure = openInfrastructure({
  aws,
  names: namesOf(group),
  home,
  settings: awsSettings({ serviceParameters: limits }),
})
const access = openAccess({ aws, mode: 'none', home, group, profile: undefined })
const launch = { timeoutSeconds: 300, pollMs: 500 }
const platform = openAwsPlatform({ aws, group, access, infrastructure, launch, url: undefined, progress: quiet })
const results: Record<string, { measured: number; limit: number | null; unit: string }> = {}

function record(name: string, measured: number, limit: number | null, unit: string): void {
  results[name] = { measured: Math.round(measured * 1000) / 1000, limit, unit }
  process.stderr.write(`${name}: ${results[name].measured} ${unit}${limit === null ? '' : ` (limit ${limit})`}\n`)
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN
}

const allCalls = () => [...aws.calls.values()].reduce((sum, count) => sum + count, 0)

/** Measures how long at least one request to the server is open. */
function watchServer(): { openSeconds(): number } {
  let open = 0
  let since = 0
  let total = 0
  subscribe('http.client.request.start', () => {
    if (open++ === 0) since = performance.now()
  })
  subscribe('http.client.response.finish', () => {
    if (--open === 0) total += performance.now() - since
  })
  return { openSeconds: () => total / 1000 }
}

try {
  const imageId = await registerImage(aws, '1.0.0')
  await platform.createGroup(imageId, instances)
  await platform.launch(instances)

  const before = allCalls()
  const seen = await platform.group()
  await platform.lockOwner()
  record(`API calls of status, ${seen?.instances.length} instances`, allCalls() - before, 30, 'calls')

  const server = watchServer()
  const changed = openInfrastructure({
    aws,
    names: namesOf(group),
    home,
    settings: awsSettings({
      networkParameters: new Map([['AllowedCidr', '10.0.0.0/8']]),
      serviceParameters: new Map([...limits, ['DrainSeconds', '20']]),
    }),
  })
  const own: number[] = []
  for (let round = 0; round < 5; round++) {
    const [startedAt, openBefore] = [performance.now(), server.openSeconds()]
    const plan = await changed.plan({ imageId, size: instances })
    if (plan.isEmpty) throw new Error('there is nothing to plan')
    plan.lines.join('\n')
    own.push((performance.now() - startedAt) / 1000 - (server.openSeconds() - openBefore))
    await plan.discard()
  }
  record("planning both stacks, without the server's time", median(own), 1.5, 's')

  for (const words of [['--help'], ['status']]) {
    const times: number[] = []
    for (let round = 0; round < 7; round++) {
      const startedAt = performance.now()
      const env = { BAKEROLL_HOME: home }
      await execa(process.execPath, ['tasks/terminal/main.ts', ...words], { cwd: repository, env, reject: false })
      times.push((performance.now() - startedAt) / 1000)
    }
    record(`local ${words.join(' ')}, whole process`, median(times), null, 's')
  }
  const rows = Object.entries(results).map(
    ([name, { measured, limit, unit }]) =>
      `| ${name} | ${measured} ${unit} | ${limit === null ? '' : `${limit} ${unit}`} |`,
  )
  const machine = `${cpus().length} cores, ${cpus()[0]?.model.trim()}`
  const text = `# The aws platform against moto\n\n${machine}. Medians.\n\n| what | measured | limit |\n|---|---|---|\n${rows.join('\n')}\n`
  await writeFile(join(repository, 'benchmarks/results/aws.md'), text)
  await writeFile(join(repository, 'benchmarks/results/aws.json'), `${JSON.stringify(results, null, 2)}\n`)
} finally {
  await moto.stop()
  await rm(home, { recursive: true, force: true })
}
