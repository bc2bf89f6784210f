// needs: haproxy
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { limitsAt } from '../../lib/pace.ts'
import { anyFreePort, listenProblem } from '../../tools/ports.ts'
import { ownProcess } from '../../tools/process.ts'
import { type Home, homeAt } from '../home.ts'
import { groupNames, openLocalPlatform } from './local.ts'

const usual = {
  limits: () => limitsAt(1),
  healthPath: '/healthz',
  answerTimeoutSeconds: 10,
  machine: { accelerator: 'tcg', cpus: 1, memoryMib: 64, network: 'closed' },
} as const

/** An empty home; the load balancers of its groups end with the test, before its folder goes. */
function newHome(t: { teardown(handler: () => unknown): void }): Home {
  const home = homeAt(mkdtempSync(join(tmpdir(), 'bakeroll-')))
  t.teardown(async () => {
    for (const group of groupNames(home)) await openLocalPlatform({ ...usual, home, group, port: 0 }).removeGroup()
    rmSync(home.folder, { recursive: true })
  })
  return home
}

/** A group that is not there yet, on a free port. */
async function open(home: Home, group = 'timeapp', port?: number) {
  const settings = { ...usual, home, group, port: port ?? (await anyFreePort()) }
  return { platform: openLocalPlatform(settings), port: settings.port, folder: join(home.groups, group), settings }
}

async function ask(port: number): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).status
}

t.test('without a group', async (t) => {
  const home = newHome(t)
  const { platform } = await open(home)
  t.equal(await platform.group(), undefined)
  t.strictSame(await platform.images(), [])
  t.equal(await platform.lockOwner(), undefined)
  const missing = { kind: 'usage', message: 'there is no group timeapp', hint: 'npm run deploy' }
  await t.rejects(platform.updateGroup({ size: 2 }), missing)
  await t.rejects(platform.launch(1), missing)
  await t.rejects(platform.repairLoadBalancer(), missing)
  const unknown = { kind: 'usage', message: 'there is no instance i-1 in group timeapp', hint: 'npm run status' }
  await t.rejects(platform.sshArguments('i-1'), unknown)
  await t.rejects(platform.consoleOutput('i-1'), unknown)
  await t.rejects(platform.drain('i-1'), unknown)
  await platform.terminate('i-1')
  await platform.removeGroup()
  t.strictSame(readdirSync(home.folder), [], 'nothing was made')
})

t.test('the life of a group', async (t) => {
  const home = newHome(t)
  const { platform, port, folder, settings } = await open(home)
  await platform.createGroup('image-1', 2)
  const group = {
    imageId: 'image-1',
    size: 2,
    name: 'timeapp',
    url: `http://127.0.0.1:${port}`,
    loadBalancer: 'running',
    instances: [],
  }
  t.strictSame(await platform.group(), group)
  t.equal(await ask(port), 503, 'no instance serves')
  t.strictSame(groupNames(home), ['timeapp'])

  const roll = {
    imageId: 'image-2',
    previousImageId: 'image-1',
    startedAt: '2026-01-01T00:00:00.000Z',
    force: false,
    rollingBack: false,
  }
  await platform.updateGroup({ imageId: 'image-2', previousImageId: 'image-1', roll })
  const rolling = { ...group, imageId: 'image-2', previousImageId: 'image-1', roll }
  t.strictSame(await platform.group(), rolling)
  await platform.updateGroup({ size: 3 })
  t.strictSame(await platform.group(), { ...rolling, size: 3 }, 'what is not named stays')
  await platform.updateGroup({ roll: null })
  const { roll: _, ...rolled } = { ...rolling, size: 3 }
  t.strictSame(await platform.group(), rolled)

  const reopened = openLocalPlatform({ ...settings, port: await anyFreePort() })
  t.strictSame(await reopened.group(), rolled, 'another process sees the same, whatever its port setting')
  t.strictSame(await reopened.repairLoadBalancer(), [], 'nothing to mend')

  await reopened.removeGroup()
  t.equal(await platform.group(), undefined)
  t.equal(await listenProblem('127.0.0.1', port), undefined)
  t.strictSame(readdirSync(home.groups), [])
  t.notOk(existsSync(folder))
  await platform.removeGroup()
})

t.test('a damaged group.json is answered from its predecessor', async (t) => {
  const home = newHome(t)
  const { platform, folder } = await open(home)
  await platform.createGroup('image-1', 1)
  await platform.updateGroup({ size: 2 })
  writeFileSync(join(folder, 'group.json'), '{"imageId": "im')
  t.match(await platform.group(), { imageId: 'image-1', size: 1, loadBalancer: 'running' })
  await platform.updateGroup({ size: 3 })
  t.match(await platform.group(), { imageId: 'image-1', size: 3 })
})

t.test('a taken port is refused before anything is written', async (t) => {
  const home = newHome(t)
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const { platform } = await open(home, 'timeapp', port)
  await t.rejects(platform.createGroup('image-1', 1), {
    kind: 'refused',
    message: `127.0.0.1:${port} is used by another program`,
  })
  t.equal(await platform.group(), undefined)
  t.strictSame(readdirSync(home.folder), [])
})

t.test('too little room is refused before anything is written', async (t) => {
  const home = newHome(t)
  const { platform } = await open(home)
  await t.rejects(platform.createGroup('image-1', 10_000_000), { kind: 'refused', message: /^not enough memory for/ })
  t.strictSame(readdirSync(home.folder), [])
})

t.test('a load balancer that died is noticed and started again, where it was', async (t) => {
  const home = newHome(t)
  const { platform, port, folder } = await open(home)
  await platform.createGroup('image-1', 1)
  process.kill(ownProcess(join(folder, 'haproxy.pid'), join(folder, 'haproxy.cfg')) ?? 0, 'SIGKILL')
  while ((await platform.group())?.loadBalancer === 'running');
  t.match(await platform.group(), { loadBalancer: 'stopped', instances: [] })
  t.strictSame(await platform.repairLoadBalancer(), ['started the load balancer'])
  t.match(await platform.group(), { loadBalancer: 'running' })
  t.equal(await ask(port), 503)
})

t.test('a group whose creation was killed before its load balancer ran is carried on', async (t) => {
  const home = newHome(t)
  const { platform, port, folder } = await open(home)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'group.json'), JSON.stringify({ imageId: 'image-1', size: 1, port }))
  t.match(await platform.group(), { loadBalancer: 'stopped' })
  t.strictSame(await platform.repairLoadBalancer(), ['started the load balancer'])
  t.equal(await ask(port), 503)
})

t.test('a removal that was killed half way is finished by the next', async (t) => {
  const home = newHome(t)
  mkdirSync(join(home.groups, '.timeapp.removed', 'instances'), { recursive: true })
  const { platform } = await open(home)
  t.equal(await platform.group(), undefined)
  await platform.removeGroup()
  t.strictSame(readdirSync(home.groups), [])
})

t.test('a group whose record is lost leaves no load balancer behind', async (t) => {
  const home = newHome(t)
  const { platform, port, folder } = await open(home)
  await platform.createGroup('image-1', 1)
  rmSync(join(folder, 'group.json'))
  await platform.removeGroup()
  t.equal(await listenProblem('127.0.0.1', port), undefined)
  t.strictSame(readdirSync(home.groups), [])
})

t.test('two groups, and two homes, side by side', async (t) => {
  const [home, otherHome] = [newHome(t), newHome(t)]
  const groups = [await open(home, 'one'), await open(home, 'two'), await open(otherHome, 'one')]
  for (const [index, { platform }] of groups.entries()) await platform.createGroup(`image-${index}`, 1)
  for (const [index, { platform, port }] of groups.entries()) {
    t.match(await platform.group(), { imageId: `image-${index}`, url: `http://127.0.0.1:${port}` })
    t.equal(await ask(port), 503)
  }
  t.strictSame(groupNames(home), ['one', 'two'])
  const lock = await groups[0]?.platform.lock('roll')
  t.match(await groups[0]?.platform.lockOwner(), { verb: 'roll' })
  for (const { platform } of groups.slice(1)) t.equal(await platform.lockOwner(), undefined)
  await lock?.release()
  await groups[0]?.platform.removeGroup()
  for (const { platform, port } of groups.slice(1)) {
    t.match(await platform.group(), { loadBalancer: 'running' })
    t.equal(await ask(port), 503)
  }
  t.strictSame(groupNames(home), ['two'])
})

t.test('an instance whose record is damaged breaks nothing', async (t) => {
  const home = newHome(t)
  const { platform, folder } = await open(home)
  await platform.createGroup('image-1', 1)
  mkdirSync(join(folder, 'instances', 'i-1'), { recursive: true })
  for (const name of ['instance.json', 'instance.json.previous'])
    writeFileSync(join(folder, 'instances', 'i-1', name), '')
  t.match(await platform.group(), { instances: [{ id: 'i-1', state: 'stopped', health: 'unused', imageId: '' }] })
  t.strictSame(await platform.repairLoadBalancer(), [])
  t.notMatch(readFileSync(join(folder, 'haproxy.cfg'), 'utf8'), /i-1/)
  await t.rejects(platform.sshArguments('i-1'), { kind: 'failed', message: /^i-1 has not published its SSH host key/ })
  await platform.terminate('i-1')
  t.match(await platform.group(), { instances: [] })
})

t.test('another health path, or a longer answer, reaches a running load balancer', async (t) => {
  const home = newHome(t)
  const { platform, settings, folder, port } = await open(home)
  await platform.createGroup('image', 1)
  t.same(await platform.repairLoadBalancer(), [])
  const other = openLocalPlatform({ ...settings, healthPath: "/it's#well", answerTimeoutSeconds: 300 })
  t.same(await other.repairLoadBalancer(), ['the load balancer has its new settings'])
  t.match(readFileSync(join(folder, 'haproxy.cfg'), 'utf8'), /timeout server 305s[\s\S]*uri '\/it'/)
  t.same(await other.repairLoadBalancer(), [])
  t.equal(await ask(port), 503, 'it answers')
})
