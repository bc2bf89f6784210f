import t from 'tap'
import { slowed } from '../../tasks/tools/test-pace.ts'
import { eventually, machineProcesses, runVerb, startVerb, testPort } from './verbs.ts'

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
  const sources = await insideFirst('chronyc -c -n sources')
  t.match(sources, /^#,\*,HOST,/m, 'it follows the computer that it runs on')
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
