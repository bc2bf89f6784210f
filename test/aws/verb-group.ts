import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling'
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { paginateGetParametersByPath } from '@aws-sdk/client-ssm'
import t, { type Test } from 'tap'
import { type Aws, openAws } from '../../tasks/platforms/aws/clients.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { registerImage } from './image.ts'
import { emulatedEnvironment, type Moto, startMoto } from './moto.ts'
import { type RunVerb, type VerbEnd, verbRuns } from './verb-runs.ts'

/** A group on moto that verbs are run on, through a proxy that can break their calls. */
export interface VerbGroup {
  readonly moto: Moto
  readonly proxy: FaultProxy
  readonly run: RunVerb
  /** As `run`; throws when it does not end with 0. */
  readonly succeed: RunVerb
  /** Straight to moto, past the proxy. */
  readonly aws: Aws
  /** Two verified images of two releases. */
  readonly images: readonly [string, string]
  /** Everything of the group that a verb may change, lock left out. */
  snapshot(): Promise<Snapshot>
  /** The locks that nobody gave back. */
  locks(): Promise<string[]>
}

/** What of a group a verb may change. */
export interface Snapshot {
  readonly stacks: Readonly<Record<string, unknown>>
  readonly parameters: Readonly<Record<string, string>>
  readonly scaling: readonly ScalingSnapshot[]
}

interface ScalingSnapshot {
  readonly limits: readonly (number | undefined)[]
  readonly desired: number | undefined
  readonly instances: readonly string[]
  readonly suspended: readonly string[]
}

/** Starts moto, the proxy and nothing else: there is no group yet. All end with the test. */
export async function startVerbGroup(group = 'shop'): Promise<VerbGroup> {
  const moto = await startMoto()
  const proxy = await startFaultProxy(moto.url)
  const environment = { ...process.env }
  t.teardown(async () => {
    process.env = environment
    await proxy.stop()
    await moto.stop()
  })
  process.env = { ...environment, ...emulatedEnvironment(moto.url) }
  const aws = openAws({ region: undefined, profile: undefined })
  const images = [await registerImage(aws, '1.0.0'), await registerImage(aws, '1.1.0')] as const
  // A client asks for its endpoint at its first call, and keeps it.
  await Promise.all([stacksOf(aws), scalingOf(aws), parametersOf(aws, group)])
  process.env = { ...environment, ...emulatedEnvironment(proxy.url), BAKEROLL_GROUP: group }
  const run = verbRuns(t.testdir())
  const parameters = () => parametersOf(aws, group)
  return {
    moto,
    proxy,
    aws,
    images,
    run,
    async succeed(verb, ...words) {
      const end = await run(verb, ...words)
      if (end.exitCode !== 0) throw new Error(`${verb} ${words.join(' ')}: ${end.exitCode}\n${end.stderr}`)
      return end
    },
    snapshot: async () => ({
      stacks: await stacksOf(aws),
      parameters: Object.fromEntries([...(await parameters())].filter(([name]) => !name.includes('/lock/'))),
      scaling: await scalingOf(aws),
    }),
    locks: async () => [...(await parameters()).keys()].filter((name) => name.includes('/lock/')),
  }
}

async function parametersOf(aws: Aws, group: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const below = { Path: `/bakeroll/${group}`, Recursive: true }
  for await (const { Parameters = [] } of paginateGetParametersByPath({ client: aws.ssm }, below)) {
    for (const { Name = '', Value = '' } of Parameters) found.set(Name, Value)
  }
  return found
}

async function stacksOf(aws: Aws): Promise<Record<string, unknown>> {
  const { Stacks = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({}))
  // A change set that nobody was allowed to take back stands for nothing.
  const there = Stacks.filter(({ StackStatus = '' }) => !/^(DELETE_COMPLETE|REVIEW_IN_PROGRESS)$/.test(StackStatus))
  return Object.fromEntries(
    there.map(({ StackName = '', StackStatus, Parameters }) => [StackName, [StackStatus, Parameters]]),
  )
}

async function scalingOf(aws: Aws): Promise<ScalingSnapshot[]> {
  const { AutoScalingGroups = [] } = await aws.autoScaling.send(new DescribeAutoScalingGroupsCommand({}))
  return AutoScalingGroups.map(({ MinSize, MaxSize, DesiredCapacity, Instances = [], SuspendedProcesses = [] }) => ({
    limits: [MinSize, MaxSize],
    desired: DesiredCapacity,
    instances: Instances.map(({ InstanceId = '' }) => InstanceId),
    suspended: SuspendedProcesses.map(({ ProcessName = '' }) => ProcessName),
  }))
}

/** A failure as every operator should read it: one line, something to do, no stack trace, no defect. */
export function assertClear(t: Test, { exitCode, errors, hint, stderr }: VerbEnd, what: string): void {
  t.notMatch(stderr, /\n {4}at |defect of bakeroll/, what)
  t.not(exitCode, 1, what)
  // A roll that went back and a heal that failed have done their work; their results say why.
  if (exitCode === 0 || errors.length === 0) return
  t.equal(errors.length, 1, `${what}: ${errors.join(' / ')}`)
  t.notMatch(errors.join('\n'), /undefined|\[object|\bNaN\b/, what)
  t.match(hint, /^\S/, `${what}: something to do`)
}

/** A group of this size is at rest: nothing suspended, nothing to put back, no instance too many, no lock. */
export async function assertAtRest(t: Test, group: VerbGroup, size: number, what: string): Promise<void> {
  const { scaling, parameters } = await group.snapshot()
  t.match(scaling, [{ desired: size, suspended: [] }], what)
  t.equal(scaling[0]?.instances.length, size, `${what}: instances`)
  const record = JSON.parse(Object.values(parameters)[0] ?? '{}')
  t.same({ undo: record.undo, roll: record.roll, size: record.size }, {}, `${what}: record`)
  t.same(await group.locks(), [], `${what}: lock`)
}
