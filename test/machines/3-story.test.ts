// needs: machines, ps, ss, .venv/mitogen
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { execa } from 'execa'
import t from 'tap'
import { slowed } from '../../tasks/dev/test-pace.ts'
import { canTryAsNobody, listeners, undocumented, watchListeners } from './listeners.ts'
import { eventually, machineProcesses, runVerb, startPlainVerb, startVerb, testHome, testPort } from './verbs.ts'

const url = `http://127.0.0.1:${testPort}`

interface InstanceFacts {
  id: string
  release: string
  state: string
  health: string
}

async function instances(): Promise<InstanceFacts[]> {
  return (await runVerb('status')).facts.instances
}

async function servedBy(release: string): Promise<InstanceFacts[]> {
  const now = await instances()
  return now.filter((one) => one.release === release && one.state === 'running' && one.health === 'healthy')
}

t.teardown(() => runVerb('destroy', '--yes'))

const watch = watchListeners()

t.test('the demo: two releases, a roll under load without a failed request, a repair', async (t) => {
  const { exitCode, facts, stderr } = await runVerb('demo', '--keep')
  t.equal(exitCode, 0, stderr)
  t.match(facts, { ok: true, release: '1.1.0', requests: { failed: 0 } })
  t.ok(facts.requests.sent >= 20_000, `${facts.requests.sent} requests`)
  t.match(
    facts.heal.instances.flatMap(({ repairs }: { repairs: unknown[] }) => repairs),
    [{ repair: 'nginx', reason: /nginx/, result: 'worked' }],
  )
  t.equal((await servedBy('1.1.0')).length, 2)
})

t.test('whatever listened during a deploy, a roll and a heal is on the list of the docs', async (t) => {
  const { found, open } = await watch.stop()
  t.same(await undocumented(found), [])
  t.same(open, [], 'UNIX sockets that another user could connect to', { skip: !canTryAsNobody && 'only root can try' })
  const now = (await listeners()).map(
    ({ program, address }) =>
      `${program} ${address.replace(testHome, 'HOME').replace(/^127\.[1-9]\d*\.\d+\.\d+:/, 'instance:')}`,
  )
  t.same(now.sort(), [
    `haproxy 127.0.0.1:${testPort}`,
    'haproxy HOME/groups/timeapp/haproxy.sock',
    ...['qemu-system-x86 instance:2222', 'qemu-system-x86 instance:2222'],
    ...['qemu-system-x86 instance:8080', 'qemu-system-x86 instance:8080'],
  ])
})

/** What a script says that root runs on the first instance. */
async function inside(script: string): Promise<string> {
  const [instance] = await instances()
  const { stdout } = await startPlainVerb('ssh', '--instance', instance?.id ?? '', '--', 'sudo', 'bash', '-c', script)
  return stdout
}

/** The user of root, and that of the service's container. */
const users = { root: 0, service: 65_532 }

t.test('an instance reaches neither this computer nor anything beyond, whoever tries', async (t) => {
  let heard = 0
  const server = createServer((socket) => {
    heard += 1
    socket.end('heard')
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const addresses = [`10.0.2.2/${port}`, `10.0.2.2/${testPort}`, '10.0.2.3/53', `169.254.169.2/${port}`, '192.0.2.1/80']
  const tries = addresses.map((to) => `timeout 5 bash -c 'echo >/dev/tcp/${to}' 2>/dev/null && echo ${to} answers`)
  for (const [name, uid] of Object.entries(users)) {
    const script = `${tries.join('\n')}\necho tried as $(id -u)`
    const said = await inside(
      `setpriv --reuid ${uid} --regid ${uid} --clear-groups bash -c "$(cat <<'END'\n${script}\nEND\n)"`,
    )
    t.equal(said, `tried as ${uid}`, name)
  }
  t.equal(await inside('ip -4 route show default; ip -6 route show default; echo no more'), 'no more')
  t.equal(heard, 0)
})

t.test('instance metadata answers root, and nobody else', async (t) => {
  const ttl = 'X-aws-ec2-metadata-token-ttl-seconds: 60'
  const token = `curl -s -m 5 -o /dev/null -w '%{http_code}' -X PUT -H '${ttl}' http://169.254.169.254/latest/api/token`
  t.equal(await inside(token), '200')
  t.equal(await inside(`setpriv --reuid 65532 --regid 65532 --clear-groups ${token}`), '000')
  const fetched = `fetch('http://169.254.169.254/latest/api/token', { method: 'PUT', signal: AbortSignal.timeout(60_000) })`
  const said = await inside(
    `docker exec service /usr/bin/node -e "${fetched}.then((a) => console.log(a.status), (e) => console.log(e.cause?.code ?? e.name))"`,
  )
  t.match(said, /^(ECONNREFUSED|TimeoutError)$/, 'from the container itself')
})

t.test('a restart of the packet filter leaves the rules of others alone', async (t) => {
  await inside('nft add table ip others')
  t.equal(
    await inside('systemctl restart nftables && nft list tables | sort; nft delete table ip others'),
    'table inet bakeroll\ntable ip others',
  )
})

t.test('connections to the metadata service are few processes here, and end by themselves', async (t) => {
  const [instance] = await instances()
  const id = instance?.id ?? ''
  const running = async () => {
    const { stdout } = await execa('ps', ['-eo', 'args=', '-ww'])
    const isService = (line: string) => /^\S*node \S*metadata-service\.ts /.test(line) && line.includes(id)
    return stdout.split('\n').filter(isService).length
  }
  const holding = startVerb(
    'ssh',
    '--instance',
    id,
    '--',
    'sudo',
    'bash',
    '-c',
    `
    for i in $(seq 40); do exec {fd}<>/dev/tcp/169.254.169.254/80; done; echo held; sleep 30`,
  )
  await eventually('the connections are there', async () => (await running()) > 0, 60)
  let most = 0
  await eventually(
    'they have ended, although the guest holds them',
    async () => {
      const now = await running()
      most = Math.max(most, now)
      return now === 0
    },
    60,
  )
  t.ok(most > 0 && most <= 4, `${most} processes`)
  t.match((await holding).stdout, 'held')
})

t.test('a deploy that changes nothing says so', async (t) => {
  const { facts } = await runVerb('deploy')
  t.match(facts, { ok: true, outcome: 'unchanged', url, size: 2 })
})

t.test('one command runs on an instance; its output and exit code are passed on', async (t) => {
  const [instance] = await instances()
  const command = ['sh', '-c', 'systemctl is-active nginx; echo "two  words"; exit 7']
  const child = await startVerb('ssh', '--instance', instance?.id ?? '', '--', ...command)
  t.match(child, { stdout: /^active\ntwo {2}words/, exitCode: 7 })
})

t.test('logs tell which instance wrote them', async (t) => {
  const ids = (await instances()).map(({ id }) => id)
  const { facts } = await runVerb('logs', '--grep', '/now', '--since', '1h')
  t.ok(facts.lines.length > 100)
  for (const id of ids) t.ok(facts.lines.some((line: string) => line.startsWith(`${id} `)))
})

/** Runs a script as root on the first instance; gives its output. */
async function insideFirst(script: string): Promise<string> {
  const [instance] = await instances()
  return (await startVerb('ssh', '--instance', instance?.id ?? '', '--', 'sudo', 'sh', '-c', script)).stdout
}

t.test('a clock that was set wrong comes right by itself, where no time server can be reached', async (t) => {
  // A busy computer's answers come late, and chrony waits for the next ones.
  const sources = await eventually('it follows the computer that it runs on', async () => {
    const shown = await insideFirst('chronyc -c -n sources')
    return /^#,\*,HOST,/m.test(shown) && shown
  })
  t.notMatch(sources, /^\^,(?!([^,]*,){4}0,)/m, 'and nothing else has answered')
  await insideFirst("date -s '+90 seconds'")
  t.match(await runVerb('check', '--instances'), { exitCode: 2, facts: { verdict: 'critical' } })
  await eventually('the clock is right again', async () => (await runVerb('check', '--instances')).exitCode === 0)
})

t.test('a wrong clock without its time service is healed by starting that', async (t) => {
  await insideFirst("systemctl stop chrony; date -s '-90 seconds'")
  const healed = await runVerb('heal')
  t.match(healed, { exitCode: 0, facts: { outcome: 'healed' } }, healed.stderr)
  t.match(
    healed.facts.instances.flatMap(({ repairs }: { repairs: unknown[] }) => repairs),
    [{ repair: 'time', result: 'worked' }],
  )
})

t.test('a killed machine is noticed, replaced, and well again', async (t) => {
  const [victim] = await instances()
  const machine = (await machineProcesses()).find(({ command }) => command.includes(victim?.id ?? ''))
  process.kill(machine?.pid ?? 0, 'SIGKILL')
  t.match(await runVerb('check', '--instances'), { exitCode: 2, facts: { ok: false, verdict: 'critical' } })
  t.match(
    (await instances()).find(({ id }) => id === victim?.id),
    { state: 'stopped' },
  )
  const healed = await runVerb('heal')
  t.match(healed, { exitCode: 0, facts: { outcome: 'healed' } }, healed.stderr)
  t.match(await runVerb('check', '--instances'), { exitCode: 0, facts: { verdict: 'ok' } })
  t.equal((await servedBy('1.1.0')).length, 2)
})

t.test('a killed load balancer is told by status, and mended by deploy', async (t) => {
  const balancer = (await machineProcesses()).find(({ command }) => command.includes('haproxy.cfg'))
  process.kill(balancer?.pid ?? 0, 'SIGKILL')
  await eventually(
    'status tells',
    async () => (await runVerb('status')).facts.group.loadBalancer === 'stopped',
    slowed(20),
  )
  t.match(await runVerb('deploy'), { exitCode: 0 })
  t.match(await runVerb('check'), { exitCode: 0, facts: { verdict: 'ok' } })
})

t.test('what a rollback would do is planned', async (t) => {
  const { facts } = await runVerb('rollback', '--dry-run')
  t.match(facts, { outcome: 'planned', image: /^1\.0\.0-/ })
})

t.test('destroy leaves nothing', async (t) => {
  const { exitCode, facts } = await runVerb('destroy', '--yes')
  t.equal(exitCode, 0)
  t.same(facts.left, [])
  t.same(await machineProcesses(), [])
  t.match((await runVerb('status')).facts, { group: null, instances: [] })
  t.match(await runVerb('destroy', '--yes'), { exitCode: 0, facts: { removed: [], left: [] } })
})
