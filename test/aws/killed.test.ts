// needs: aws, .venv/moto
/*
 * A roll on moto whose client is killed, again and again, in the middle of a call: the same command carries on, from any
 * computer, and leaves the group as if nothing had happened.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import t from 'tap'
import { emulatedGroup } from './emulated-group.ts'
import { type Fault, startFaultProxy } from './fault-proxy.ts'
import { answer } from './group-answers.ts'
import { registerImage } from './image.ts'
import { emulatedEnvironment, startMoto } from './moto.ts'
import { startRecorded } from './recorded.ts'

const moto = await startMoto()
Object.assign(process.env, moto.env)
const proxy = await startFaultProxy(moto.url)
t.teardown(async () => {
  await proxy.stop()
  await moto.stop()
})

const home = t.testdir()
const group = emulatedGroup('killed', home)
const { aws, scaling, suspended, parameters } = group
const [first, second] = [await registerImage(aws, '1.0.0'), await registerImage(aws, '1.1.0')]
await group.create(first)

/** Begins a verb in a process of its own. */
function begin(verb: string, flags: readonly string[], url: string) {
  const own = { BAKEROLL_PLATFORM: 'aws', BAKEROLL_GROUP: 'killed', BAKEROLL_HOME: home }
  const child = spawn('sh', ['tasks/run.sh', verb, '--json', ...flags], {
    cwd: new URL('../..', import.meta.url),
    env: { ...process.env, ...emulatedEnvironment(url), ...own },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
    ([[exitCode, signal], stdout, stderr]) => ({ exitCode, signal, stdout, stderr }),
  )
  return { child, ended }
}

const roll = ['--image', second, '--batch', '2']

/** Rolls until the client comes to this action, and kills it there; AWS does what it was told unless the call is lost. */
async function rollUntil(action: string, answer: Fault['answer'] = 'broken') {
  proxy.reset()
  const { child, ended } = begin('roll', roll, proxy.url)
  proxy.rules.set(action, () => {
    child.kill('SIGKILL')
    return { answer } as Fault
  })
  const { signal, stderr } = await ended
  proxy.reset()
  t.equal(signal, 'SIGKILL')
  return stderr
}

async function status() {
  const { stdout } = await begin('status', [], moto.url).ended
  return JSON.parse(stdout)
}

async function stackImage(): Promise<string | undefined> {
  const { Stacks = [] } = await aws.cloudFormation.send(
    new DescribeStacksCommand({ StackName: 'bakeroll-killed-service' }),
  )
  return Stacks[0]?.Parameters?.find(({ ParameterKey }) => ParameterKey === 'ImageId')?.ParameterValue
}

t.test('killed between the record and the stack: the record counts', async (t) => {
  await rollUntil('UpdateStack', 'reset')
  t.equal(await stackImage(), first)
  t.match(await parameters(), { record: { size: 2, roll: { imageId: second, previousImageId: first } } })
  t.match(await status(), { group: { imageId: second, size: 2, lock: null, notes: [] } })
})

t.test('killed while Auto Scaling launches: what is changed for the time of the verb is told', async (t) => {
  t.match(
    await rollUntil('SetDesiredCapacity'),
    /took over the lock of roll by .*, who is gone\n.*carrying on the roll/s,
  )
  t.equal(await stackImage(), second, 'the launch is of the right image')
  t.match(await scaling(), { DesiredCapacity: 4, MaxSize: 4, MinSize: 2 })
  t.equal((await suspended()).length, 4)
  const { group: seen, instances } = await status()
  t.match(seen.notes, [
    /suspended AZRebalance, AlarmNotification, ScheduledActions, ReplaceUnhealthy; the maximum \(was 2\)$/,
  ])
  t.equal(seen.size, 2)
  t.equal(instances.filter(({ image }: { image: string }) => image === second).length, 2)
})

t.test('killed while an instance is ended', async (t) => {
  const stderr = await rollUntil('TerminateInstanceInAutoScalingGroup')
  t.match(stderr, /resumed the scaling processes AZRebalance/)
  t.notMatch(stderr, /launch \d/, 'what was launched by the dead is taken as it is')
  t.match(await scaling(), { DesiredCapacity: 3, MaxSize: 4 })
  t.match((await status()).group.roll, { imageId: second })
})

t.test('another computer carries on, and leaves nothing behind', async (t) => {
  const before = await parameters()
  const locks = Object.keys(before).filter((name) => name.startsWith('lock/'))
  t.equal(locks.length, 1)
  const [lock = ''] = locks
  const Value = JSON.stringify({ ...before[lock], owner: 'ann@far', host: 'far' })
  const LastModifiedDate = new Date(Date.now() - 181_000).toISOString()
  const Parameters = [{ Name: `/bakeroll/killed/${lock}`, Type: 'String', Value, Version: 3, LastModifiedDate }]
  const Path = '/bakeroll/killed/lock'
  const far = await startRecorded([answer('ssm:GetParametersByPath', { Parameters }, { Path })], {
    elsewhere: moto.url,
  })
  t.teardown(() => far.stop())
  const { exitCode, stdout, stderr } = await begin('roll', roll, far.url).ended
  t.equal(exitCode, 0, stderr)
  t.match(stderr, /took over the lock of roll by ann@far \(since .*\), who is gone/)
  t.match(JSON.parse(stdout), { outcome: 'rolled', image: second })
  t.match(await scaling(), {
    DesiredCapacity: 2,
    MinSize: 2,
    MaxSize: 2,
    Instances: { length: 2 },
    LaunchTemplate: { Version: '$Latest' },
  })
  t.same(await suspended(), [])
  t.same(await parameters(), { record: { previousImageId: first } })
  t.equal(await stackImage(), second)
  const { group: seen, instances } = await status()
  t.match(seen, { imageId: second, size: 2, lock: null, notes: [] })
  for (const one of instances) t.match(one, { image: second, state: 'running', health: 'healthy' })
})
