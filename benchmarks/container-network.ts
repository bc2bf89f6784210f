/**
 * Measures what the container's network costs: `node benchmarks/container-network.ts`, as root, with Debian's `docker.io`, nginx, nft
 * and hey on the PATH; two minutes. Docker runs with the role's settings in its own network, behind the role's packet filter,
 * next to any other Docker on this computer. Writes benchmarks/results/container-network.md and .json.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { contentFixture } from '../tasks/platforms/content-fixture.ts'
import { releaseFiles } from '../tasks/platforms/image-content.ts'
import { keysUser } from '../tasks/tools/run-arguments.ts'
import { measurements, repository } from './measurements.ts'

const rounds = 7
const connections = 32
const roundSeconds = 4
const roles = join(repository, 'ansible/roles')
const folder = process.argv[2] ?? ''
const socket = join(folder, 'docker.sock')
const env = { DOCKER_HOST: `unix://${socket}` }

const started: (PromiseLike<unknown> & { kill(): boolean })[] = []

/** Both services run all the time; the load goes to one of them. */
const services = [
  { network: 'host', port: 3001, nginxPort: 81 },
  { network: 'bridge', port: 3000, nginxPort: 80 },
] as const

const places = {
  'service alone, host': 'http://127.0.0.1:3001/now',
  'service alone, bridge': 'http://172.17.0.2:3000/now',
  'nginx, host': 'http://127.0.0.1:81/now',
  'nginx, bridge': 'http://127.0.0.1:80/now',
} as const
type Place = keyof typeof places

if (process.getuid?.() !== 0) throw new Error('only root can run Docker: sudo node benchmarks/container-network.ts')
if (folder === '') await inOwnNetwork()
else await measure()

/** Runs this program again, in its own namespaces. */
async function inOwnNetwork(): Promise<void> {
  const own = await mkdtemp(join(tmpdir(), 'bakeroll-cage-'))
  try {
    const words = [process.execPath, import.meta.filename, own]
    await execa('unshare', ['--mount', '--net', '--propagation', 'private', ...words], { stdio: 'inherit' })
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

async function measure(): Promise<void> {
  try {
    await prepareNetwork()
    await startDocker()
    for (const service of services) await startService(service)
    await tell(await allRates())
  } finally {
    for (const { network } of services) await execa('docker', ['rm', '--force', network], { env, reject: false })
    for (const program of started.reverse()) program.kill()
    await Promise.all(started)
  }
}

async function prepareNetwork(): Promise<void> {
  const passwd = join(folder, 'passwd')
  await writeFile(
    passwd,
    `${await readFile('/etc/passwd', 'utf8')}bakeroll-keys:x:${keysUser}:${keysUser}::/:/bin/false\n`,
  )
  await execa('mount', ['--bind', passwd, '/etc/passwd'])
  await execa('ip', ['link', 'set', 'lo', 'up'])
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1')
  await execa('nft', ['--file', join(roles, 'hardening/files/nftables.conf')])
}

async function startDocker(): Promise<void> {
  const settings = JSON.parse(await readFile(join(roles, 'docker/files/daemon.json'), 'utf8'))
  const file = join(folder, 'daemon.json')
  // Does not log to this computer's journal. Containers end with their daemon.
  await writeFile(file, JSON.stringify({ ...settings, 'log-driver': 'json-file', 'live-restore': false }))
  const at = (name: string) => join(folder, name)
  const words = ['--config-file', file, '--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid')]
  start('dockerd', [...words, '--host', env.DOCKER_HOST])
  await until(() => execa('docker', ['version'], { env }))
}

/** The example's container and its nginx as on an instance, but with the ports and paths of a second pair. */
async function startService({ network, port, nginxPort }: (typeof services)[number]): Promise<void> {
  const content = await contentFixture('1.0.0', { service: { network, port } })
  const { nginx_conf, service_json } = releaseFiles(content)
  const at = join(folder, network)
  const { archive } = await content.image.archive(at)
  const { stdout } = await execa('docker', ['load', '--input', archive.path], { env })
  const [id = ''] = stdout.match(/sha256:[0-9a-f]+/) ?? []
  await execa('docker', ['run', '--detach', '--name', network, ...JSON.parse(service_json).arguments, id], { env })

  const file = join(at, 'nginx.conf')
  const own = nginx_conf
    .replace(/(listen \S+):80 /, `$1:${nginxPort} `)
    .replace('/run/nginx.pid', join(at, 'nginx.pid'))
  await mkdir(join(at, 'log'))
  await writeFile(file, own.replaceAll('/var/log/nginx', join(at, 'log')))
  start('nginx', ['-c', file, '-g', 'daemon off;'])
  await until(() => execa('curl', ['-fsS', `http://127.0.0.1:${nginxPort}/now`]))
}

/** Runs alongside this program until `measure` ends it. */
function start(program: string, words: readonly string[]): void {
  started.push(execa(program, words, { stdio: 'ignore', reject: false }))
}

async function until(works: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await works()
      return
    } catch (error) {
      if (tries === 100) throw error
      await sleep(300)
    }
  }
}

/** Requests per second, in the order of the rounds; adjacent rounds run under the same load of this computer. */
async function allRates(): Promise<Record<Place, number[]>> {
  const names = Object.keys(places) as Place[]
  const rates = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Place, number[]>
  for (const name of names) await rateOf(places[name])
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) rates[name].push(await rateOf(places[name]))
  }
  return rates
}

async function rateOf(url: string): Promise<number> {
  const { stdout } = await execa('hey', ['-z', `${roundSeconds}s`, '-c', String(connections), url])
  const statuses = [...stdout.matchAll(/^\s+\[(\d+)\]\s+\d+ responses$/gm)].map(([, status]) => status)
  if (statuses.join() !== '200' || /Error distribution/.test(stdout)) throw new Error(`${url}:\n${stdout}`)
  return Number(stdout.match(/Requests\/sec:\s+([\d.]+)/)?.[1])
}

async function tell(rates: Record<Place, number[]>): Promise<void> {
  const { record, write } = measurements()
  for (const [name, found] of Object.entries(rates)) record(name, median(found), undefined, 'requests/s')
  const ratio = (one: Place, other: Place) =>
    median(rates[one].map((rate, round) => rate / (rates[other][round] ?? Number.NaN)))
  record('nginx: bridge / host', ratio('nginx, bridge', 'nginx, host'), undefined, 'times')
  record('bridge: nginx / service alone', ratio('nginx, bridge', 'service alone, host'), undefined, 'times')
  process.stdout.write(write('container-network'))
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
