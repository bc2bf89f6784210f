import type { Instance as Member } from '@aws-sdk/client-auto-scaling'
import type { Instance as Machine } from '@aws-sdk/client-ec2'
import type { TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2'
import t from 'tap'
import { instanceOf, isCounted, isGone, whyAside } from './members.ts'

// Every state of https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Instance.html (LifecycleState),
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html and
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html.

const id = 'i-0a1'

/** How a member is seen: `state health`. */
function seen(phase: string, machineState: string | undefined, target: string | undefined, more: Partial<Member> = {}) {
  const health = new Map(
    target === undefined ? [] : [[id, { TargetHealth: { State: target } } as TargetHealthDescription]],
  )
  const machine = { ImageId: 'ami-0new', LaunchTime: new Date(0), State: { Name: machineState } } as Machine
  const machines = new Map(machineState === undefined ? [] : [[id, machine]])
  const view = { machines, health, releases: new Map(), wantedImageId: 'ami-0wanted' }
  const { state, health: told } = instanceOf(member(phase, more), view)
  return `${state} ${told}`
}

function member(phase: string, more: Partial<Member> = {}): Member {
  const known = { InstanceId: id, AvailabilityZone: 'a', HealthStatus: 'Healthy', ProtectedFromScaleIn: false }
  return { ...known, LifecycleState: phase as Member['LifecycleState'], ...more }
}

t.test('lifecycle state, machine and target become state and health', async (t) => {
  const table: [phase: string, machine: string | undefined, target: string | undefined, expected: string][] = [
    ['Pending', undefined, undefined, 'pending initial'],
    ['Pending', 'pending', undefined, 'pending initial'],
    ['Pending', 'running', 'unused', 'pending initial'],
    ['Pending:Wait', 'running', undefined, 'pending initial'],
    ['Pending:Proceed', 'running', 'initial', 'pending initial'],
    ['Pending', 'terminated', undefined, 'stopped unhealthy'],
    ['InService', 'pending', 'initial', 'pending initial'],
    ['InService', undefined, 'healthy', 'pending healthy'],
    ['InService', 'running', 'initial', 'running initial'],
    ['InService', 'running', 'healthy', 'running healthy'],
    ['InService', 'running', 'unhealthy', 'running unhealthy'],
    ['InService', 'running', 'unavailable', 'running unhealthy'],
    ['InService', 'running', 'draining', 'running draining'],
    ['InService', 'running', 'unhealthy.draining', 'running draining'],
    ['InService', 'running', 'unused', 'running unused'],
    ['InService', 'running', undefined, 'running unused'],
    ['InService', 'stopping', 'healthy', 'stopped unhealthy'],
    ['InService', 'stopped', 'unused', 'stopped unhealthy'],
    ['InService', 'shutting-down', 'healthy', 'stopped unhealthy'],
    ['InService', 'terminated', undefined, 'stopped unhealthy'],
    ['ReplacingRootVolume', 'running', 'unhealthy', 'running unhealthy'],
    ['Quarantined', 'running', 'unhealthy', 'running unhealthy'],
    ['Terminating', 'running', 'draining', 'running draining'],
    ['Terminating', 'shutting-down', 'unused', 'running draining'],
    ['Terminating:Wait', 'running', 'healthy', 'running draining'],
    ['Terminating:Proceed', 'terminated', undefined, 'running draining'],
  ]
  for (const [phase, machine, target, expected] of table)
    t.equal(seen(phase, machine, target), expected, `${phase}, machine ${machine}, target ${target}`)
})

t.test('a machine that EC2 has forgotten is gone when Auto Scaling knows that it was not well', async (t) => {
  t.equal(seen('InService', undefined, undefined, { HealthStatus: 'Unhealthy' }), 'stopped unhealthy')
  t.equal(seen('Pending', undefined, undefined, { HealthStatus: 'Unhealthy' }), 'pending initial')
  t.equal(seen('Terminating', undefined, undefined, { HealthStatus: 'Unhealthy' }), 'running draining')
})

t.test('a member that EC2 does not show yet was launched a moment ago from the wanted image', async (t) => {
  const view = { machines: new Map(), health: new Map(), releases: new Map([['ami-0wanted', '1.1.0']]) }
  const beforeMs = Date.now()
  const young = instanceOf(member('Pending'), { ...view, wantedImageId: 'ami-0wanted' })
  t.match(young, { imageId: 'ami-0wanted', release: '1.1.0' })
  t.ok(Date.parse(young.startedAt) >= beforeMs)
  const odd = instanceOf(member('InService'), { ...view, wantedImageId: 'ami-0wanted' })
  t.match(odd, { imageId: '', release: 'unknown', startedAt: '1970-01-01T00:00:00.000Z' })
  const told = instanceOf(member('InService', { ImageId: 'ami-0root' }), { ...view, wantedImageId: 'ami-0wanted' })
  t.match(told, { imageId: 'ami-0root' }, "Auto Scaling's own word counts")
})

t.test('who is none of the capacity', async (t) => {
  const table: [phases: string[], because: string | undefined, counted: boolean][] = [
    [['Pending', 'Pending:Wait', 'Pending:Proceed', 'InService', 'RootVolumeReplaced'], undefined, true],
    [['Terminating', 'Terminating:Wait', 'Terminating:Proceed', 'Terminated'], undefined, false],
    [['EnteringStandby', 'Standby'], 'in standby', false],
    [['Detaching', 'Detached'], 'being detached', false],
    [['Terminating:Retained'], "kept after termination by the group's lifecycle policy", false],
    [
      ['Pending', 'Pending:Wait', 'Pending:Proceed', 'Pending:Retained', 'Stopped', 'Running', 'Hibernated'].map(
        (one) => `Warmed:${one}`,
      ),
      'in the warm pool',
      false,
    ],
  ]
  for (const [phases, because, counted] of table) {
    for (const phase of phases) {
      t.equal(whyAside(member(phase)), because, phase)
      t.equal(isCounted(member(phase)), counted, phase)
    }
  }
  t.ok(['Terminated', 'Warmed:Terminated'].every((phase) => isGone(member(phase))))
  t.notOk(['Terminating', 'Warmed:Terminating', 'InService'].some((phase) => isGone(member(phase))))
})
