// needs: aws, .venv/moto
/*
 * What the aws platform does beside the promises of every platform: the table "Roll" of docs/aws.md and
 * docs/decisions/0010, on moto, with a proxy before it for what goes wrong.
 */
import {
  DetachLoadBalancerTargetGroupsCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { StopInstancesCommand } from '@aws-sdk/client-ec2'
import { DeleteLoadBalancerCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import t, { type Test } from 'tap'
import { deployGroup } from '../../tasks/lib/deploy/deploy.ts'
import { healGroup } from '../../tasks/lib/heal/heal.ts'
import type { Platform } from '../../tasks/lib/platform.ts'
import { plainPolicy } from '../../tasks/lib/roll/policy.ts'
import { asRollback, rollGroup } from '../../tasks/lib/roll/roll.ts'
import { clock } from '../../tasks/platforms/open.ts'
import { forEachCall } from './each-call.ts'
import { emulatedGroup } from './emulated-group.ts'
import { startFaultProxy } from './fault-proxy.ts'
import { denied, throttled } from './faults.ts'
import * as answers from './group-answers.ts'
import { registerImage } from './image.ts'
import { startMoto } from './moto.ts'
import { startRecorded } from './recorded.ts'
import { quiet } from './settings.ts'

const moto = await startMoto()
Object.assign(process.env, moto.env)
const proxy = await startFaultProxy(moto.url)
t.teardown(async () => {
  await proxy.stop()
  await moto.stop()
})

const group = emulatedGroup('adapter', t.testdir())
const { aws, open, scaling, suspended, parameters } = group
const [first, second] = [await registerImage(aws, '1.0.0'), await registerImage(aws, '1.1.0')]
await group.create(first)
const AutoScalingGroupName = (await scaling()).AutoScalingGroupName ?? ''
const interfering = ['AZRebalance', 'AlarmNotification', 'ReplaceUnhealthy', 'ScheduledActions']

const probe = async () => ({ ok: true })
const policy = { ...plainPolicy, instanceTimeoutSeconds: 60, timeoutSeconds: 60 }
const rolling = { policy, probe, clock, progress: quiet, pollMs: 50 }

async function ids(platform: Platform): Promise<string[]> {
  return (await platform.group())?.instances.map(({ id }) => id) ?? []
}

/** The group as it was made: two members, its own limits, nothing suspended, nothing noted, no lock. */
async function isAtRest(t: Test, record: object = {}): Promise<void> {
  t.match(await scaling(), { DesiredCapacity: 2, MinSize: 2, MaxSize: 2, Instances: { length: 2 } })
  t.same(await suspended(), [])
  t.same(await parameters(), { record })
}

t.test('a verb at the limits: room is made, the size stays what was promised, all is put back', async (t) => {
  const platform = open()
  const [old = ''] = await ids(platform)
  const lock = await platform.lock('heal')
  await platform.launch(1)
  t.match(await scaling(), { DesiredCapacity: 3, MinSize: 2, MaxSize: 3 })
  t.same(await suspended(), interfering)
  t.match(await open().group(), { size: 2, notes: [/suspended AZRebalance.*; the maximum \(was 2\)$/] })
  t.same(await platform.repairLoadBalancer(), [], 'what the verb needs is not put back in its middle')
  await platform.drain(old)
  await platform.terminate(old)
  t.match(await scaling(), { DesiredCapacity: 2, MinSize: 2 })
  const [other = ''] = await ids(platform)
  await platform.terminate(other)
  t.match(await scaling(), { DesiredCapacity: 1, MinSize: 1 })
  t.match(await open().group(), { size: 2 })
  await platform.launch(1)
  await lock.release()
  await isAtRest(t)
  t.match(await open().group(), { size: 2, notes: [] })
})

t.test('processes are suspended once per verb, and those of the operator stay suspended', async (t) => {
  const operators = { AutoScalingGroupName, ScalingProcesses: ['AlarmNotification'] }
  await aws.autoScaling.send(new SuspendProcessesCommand(operators))
  const platform = open({ url: proxy.url })
  proxy.reset()
  const lock = await platform.lock('heal')
  const [old = '', other = ''] = await ids(platform)
  await platform.launch(1)
  await platform.drain(old)
  await platform.drain(other)
  await platform.repairLoadBalancer()
  await platform.terminate(old)
  await lock.release()
  t.same(
    proxy.calls.map(({ action }) => action).filter((action) => /Processes$/.test(action)),
    ['SuspendProcesses', 'ResumeProcesses'],
  )
  t.same(await suspended(), ['AlarmNotification'])
  await aws.autoScaling.send(new ResumeProcessesCommand(operators))
  await isAtRest(t)
})

t.test('without a lock nothing is suspended', async (t) => {
  const platform = open()
  const [launched = ''] = await platform.launch(1)
  await platform.drain(launched)
  await platform.terminate(launched)
  t.same(await suspended(), [])
  await (await platform.lock('heal')).release()
  await isAtRest(t)
})

t.test('a client that dies leaves a note, and the next verb puts back what ends no instance', async (t) => {
  const dead = open()
  await dead.lock('heal')
  await dead.launch(1)
  await group.dropLock()
  t.match((await open().group())?.notes, [/^still changed, and restored by the next verb: suspended AZRebalance/])

  const next = open()
  const lock = await next.lock('heal')
  t.match(await next.repairLoadBalancer(), [/^resumed the scaling processes AZRebalance/], 'and says so')
  await lock.release()
  t.same(await suspended(), [])
  t.match(await scaling(), { MaxSize: 3, DesiredCapacity: 3 }, 'a maximum below three would end an instance')
  t.same((await parameters())['record'], { size: 2, undo: { maxSize: 2 } })
  t.match(await open().group(), { size: 2, notes: [/: the maximum \(was 2\)$/] })

  const [surplus = ''] = await ids(next)
  const last = await next.lock('scale')
  await next.drain(surplus)
  await next.terminate(surplus)
  await last.release()
  await isAtRest(t)
})

t.test('a verb that fails puts back what it had changed, and gives its lock back', async (t) => {
  const platform = open({ url: proxy.url })
  proxy.reset()
  const lock = await platform.lock('heal')
  proxy.rules.set('SetDesiredCapacity', denied)
  await t.rejects(platform.launch(1), { message: /is not authorized to perform: autoscaling:SetDesiredCapacity/ })
  t.same(await suspended(), interfering)
  proxy.reset()
  await lock.release()
  await isAtRest(t)
})

t.test('what cannot be put back is said, stays written down, and does not keep the lock', async (t) => {
  const platform = open({ url: proxy.url })
  proxy.reset()
  const lock = await platform.lock('heal')
  await platform.drain((await ids(platform))[0] ?? '')
  proxy.rules.set('ResumeProcesses', denied)
  await t.rejects(lock.release(), { message: /is not authorized to perform: autoscaling:ResumeProcesses/ })
  t.match(await parameters(), { record: { undo: { suspended: { length: 4 } } } })
  t.equal(await open().lockOwner(), undefined)
  proxy.reset()
  const next = await platform.lock('heal')
  t.match(await platform.repairLoadBalancer(), [/^resumed/, /^registered i-\w+ at the load balancer again$/])
  await next.release()
  await isAtRest(t)
})

t.test('a verb whose lock was taken over changes nothing any more, and puts nothing back', async (t) => {
  const platform = open()
  const renewals: (() => Promise<void>)[] = []
  const real = globalThis.setInterval
  globalThis.setInterval = ((renew: () => Promise<void>) => {
    renewals.push(renew)
    return real(() => {}, 1e6)
  }) as never
  const lock = await platform.lock('heal').finally(() => {
    globalThis.setInterval = real
  })
  await platform.launch(1)
  await group.dropLock()
  await group.lockFromAfar(7)
  for (const renew of renewals) await renew()
  const before = await scaling()
  const [one = ''] = await ids(platform)
  const changes: (() => Promise<unknown>)[] = [
    () => platform.launch(1),
    () => platform.drain(one),
    () => platform.terminate(one),
    () => platform.updateGroup({ size: 9 }),
    () => platform.repairLoadBalancer(),
    () => platform.removeGroup(),
  ]
  for (const change of changes)
    await t.rejects(change(), { kind: 'interrupted', message: /taken over by roll by ann@far/ })
  await lock.release()
  t.same(await scaling(), before)
  t.same(await suspended(), interfering)
  t.match(await parameters(), { 'lock/7': { owner: 'ann@far' }, record: { undo: {}, size: 2 } })
  await group.dropLock()
  const next = await platform.lock('scale')
  await platform.terminate(one)
  await next.release()
  await isAtRest(t)
})

t.test('a dead machine is replaced, and the group stays as large as it was', async (t) => {
  const platform = open()
  const [dead = ''] = await ids(platform)
  await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [dead] }))
  const healed = await healGroup({
    platform,
    probe,
    clock,
    progress: quiet,
    pollMs: 50,
    inspect: async () => ({ ssh: 'unreachable', units: [] }) as never,
    repair: async () => {},
    policy: {
      maxRepair: 'replace',
      dryRun: false,
      share: 0.5,
      verifySeconds: 1,
      sshSeconds: 1,
      instanceTimeoutSeconds: 20,
    },
  })
  t.match(healed, { outcome: 'healed', launched: { length: 1 } })
  await isAtRest(t)
})

t.test('the size is what Auto Scaling has made of it while no verb ran', async (t) => {
  const limits = (MaxSize: number) => new UpdateAutoScalingGroupCommand({ AutoScalingGroupName, MaxSize })
  const desired = (DesiredCapacity: number) => new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity })
  await aws.autoScaling.send(limits(4))
  await aws.autoScaling.send(desired(3))
  t.equal((await open().group())?.size, 3)
  await (await open().lock('heal')).release()
  t.equal((await open().group())?.size, 3)
  await aws.autoScaling.send(desired(2))
  await aws.autoScaling.send(limits(2))
  await isAtRest(t)
})

t.test(
  'a roll and a rollback leave the wanted image in the stack, and the group on $Latest',
  { timeout: 60_000 },
  async (t) => {
    const stackImage = async () => {
      const { Stacks = [] } = await aws.cloudFormation.send(
        new DescribeStacksCommand({ StackName: 'bakeroll-adapter-service' }),
      )
      return Stacks[0]?.Parameters?.find(({ ParameterKey }) => ParameterKey === 'ImageId')?.ParameterValue
    }
    t.match(await rollGroup({ ...rolling, platform: open(), image: second }), { outcome: 'rolled', image: second })
    t.equal(await stackImage(), second)
    t.match(await scaling(), { LaunchTemplate: { Version: '$Latest' } })
    await isAtRest(t, { previousImageId: first })
    t.match(await rollGroup(await asRollback({ ...rolling, platform: open() })), { outcome: 'rolled', image: first })
    t.equal(await stackImage(), first)
    t.match(await scaling(), { LaunchTemplate: { Version: '$Latest' } })
    await isAtRest(t, { previousImageId: second })
    t.match(await open().group(), { imageId: first, instances: [{ imageId: first }, { imageId: first }] })
  },
)

t.test('a group that was detached from its load balancer is attached again', async (t) => {
  const TargetGroupARNs = (await scaling()).TargetGroupARNs ?? []
  await aws.autoScaling.send(new DetachLoadBalancerTargetGroupsCommand({ AutoScalingGroupName, TargetGroupARNs }))
  const platform = open()
  t.match(await platform.repairLoadBalancer(), ['attached the group to its load balancer again'])
  t.same((await scaling()).TargetGroupARNs, TargetGroupARNs)
  t.match((await platform.repairLoadBalancer()).join(), /^(registered .*)?$/)
  t.same(await platform.repairLoadBalancer(), [])
})

t.test('what Auto Scaling is ending already, and what is none of the capacity, is not ended once more', async (t) => {
  const members = [answers.member('i-0t1', 'Terminating:Wait'), answers.member('i-0s1', 'Standby')]
  const seen = [answers.serviceStack(), answers.record({ size: 2 }), answers.scaling(members)]
  const recorded = await startRecorded(seen)
  t.teardown(() => recorded.stop())
  const platform = open({ url: recorded.url })
  for (const { InstanceId } of members) await platform.terminate(InstanceId)
  t.ok(recorded.requests.length > 0)
  t.notOk(recorded.requests.some(({ operation }) => !/^(Describe|Get)/.test(operation)))
})

t.test(
  'each call of a look throttled in turn: it is tried again, and nobody notices',
  { timeout: 60_000 },
  async (t) => {
    const story = {
      prepare: async () => {},
      tell: () => open({ url: proxy.url }).group(),
    }
    const actions = await forEachCall(proxy, story, throttled(1), ({ action, error, result }) => {
      t.equal(error, undefined, action)
      t.match(result, { size: 2, instances: [{ health: 'healthy', release: '1.0.0' }, {}] }, action)
    })
    t.same(actions.toSorted(), [
      ...['autoscaling:DescribeAutoScalingGroups', 'cloudformation:DescribeStacks', 'ec2:DescribeImages'],
      ...['ec2:DescribeInstances', 'elasticloadbalancing:DescribeLoadBalancers'],
      ...['elasticloadbalancing:DescribeTargetHealth', 'ssm:GetParameter'],
    ])
  },
)

t.test(
  'a load balancer or an Auto Scaling group that was deleted by hand is said by the verbs that need it; destroy removes the rest',
  async (t) => {
    const { Stacks = [] } = await aws.cloudFormation.send(
      new DescribeStacksCommand({ StackName: 'bakeroll-adapter-service' }),
    )
    const LoadBalancerArn = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'LoadBalancerArn')?.OutputValue
    await aws.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: LoadBalancerArn ?? '' }))
    const platform = open()
    t.match(await platform.group(), { loadBalancer: 'stopped' })
    const said = { kind: 'failed', message: /load balancer of group adapter was deleted outside/, hint: /destroy/ }
    await t.rejects(platform.repairLoadBalancer(), said)
    await t.rejects(rollGroup({ ...rolling, platform, image: second }), said)
    const noGroup = answers.answer('autoscaling:DescribeAutoScalingGroups', { AutoScalingGroups: [] })
    const without = await startRecorded([noGroup], { elsewhere: moto.url })
    t.teardown(() => without.stop())
    const other = open({ url: without.url })
    const gone = { ...said, message: /^the Auto Scaling group of group adapter was deleted/ }
    await t.rejects(other.group(), gone)
    const deploying = { ...rolling, platform: other, image: first, instanceTimeoutSeconds: 5 }
    await t.rejects(deployGroup(deploying), gone)
    const lock = await platform.lock('destroy')
    await platform.removeGroup()
    await lock.release()
    t.equal(await platform.group(), undefined)
    t.same(await platform.leftovers(), [])
  },
)
