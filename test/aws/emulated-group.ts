import { setTimeout as sleep } from 'node:timers/promises'
import {
  AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { EC2Client } from '@aws-sdk/client-ec2'
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2'
import {
  DeleteParametersCommand,
  PutParameterCommand,
  paginateGetParametersByPath,
  SSMClient,
} from '@aws-sdk/client-ssm'
import type { Platform } from '../../tasks/lib/platform.ts'
import { openAccess } from '../../tasks/platforms/aws/access/access.ts'
import { openAwsPlatform } from '../../tasks/platforms/aws/aws.ts'
import { type Aws, type ClientConfiguration, openAws } from '../../tasks/platforms/aws/clients.ts'
import { openInfrastructure } from '../../tasks/platforms/aws/infrastructure/infrastructure.ts'
import { namesOf } from '../../tasks/platforms/aws/names.ts'
import { awsSettings, quiet } from './settings.ts'

/** A group on an emulated AWS, and the hands that its platform does not have. */
export interface EmulatedGroup {
  readonly aws: Aws
  /** A client without memory; its AWS is `at` this url, when given. */
  open(at?: { url: string }): Platform
  /** Makes the group and waits until all of it is healthy. */
  create(imageId: string): Promise<void>
  scaling(): Promise<AutoScalingGroup>
  /** The names of the suspended processes, sorted. */
  suspended(): Promise<string[]>
  /** The group's parameters: record, and locks by their number. */
  parameters(): Promise<Record<string, Record<string, unknown>>>
  /** Removes the lock, as if its owner had never been. */
  dropLock(): Promise<void>
  /** Puts the lock of a client on another computer. */
  lockFromAfar(number: number): Promise<void>
}

/** Opens a group of two, neither more nor less, on the AWS of the environment. */
export function emulatedGroup(group: string, home: string): EmulatedGroup {
  const aws = openAws({ region: undefined, profile: undefined })
  const names = namesOf(group)
  const limits = new Map([
    ['MinSize', '2'],
    ['MaxSize', '2'],
  ])
  const open = (at?: { url: string }) => {
    const own = at ? openAt(at.url) : aws
    const settings = awsSettings({ serviceParameters: limits })
    const infrastructure = openInfrastructure({ aws: own, names, home, settings })
    const access = openAccess({ aws: own, mode: 'none', home, group, profile: undefined })
    const launch = { timeoutSeconds: 20, pollMs: 50 }
    return openAwsPlatform({ aws: own, group, url: undefined, access, infrastructure, launch, progress: quiet })
  }
  const scaling = async () => {
    const { AutoScalingGroups = [] } = await aws.autoScaling.send(new DescribeAutoScalingGroupsCommand({}))
    const found = AutoScalingGroups.find(({ AutoScalingGroupName }) => AutoScalingGroupName?.includes(group))
    if (!found) throw new Error(`no Auto Scaling group ${group}`)
    return found
  }
  const parameters = async () => {
    const found: Record<string, Record<string, unknown>> = {}
    const Path = `/bakeroll/${group}`
    for await (const { Parameters = [] } of paginateGetParametersByPath(
      { client: aws.ssm },
      { Path, Recursive: true },
    )) {
      for (const { Name = '', Value = '' } of Parameters) found[Name.slice(Path.length + 1)] = JSON.parse(Value)
    }
    return found
  }
  return {
    aws,
    open,
    scaling,
    parameters,
    async create(imageId) {
      const platform = open()
      const lock = await platform.lock('deploy')
      await platform.createGroup(imageId, 2)
      await lock.release()
      for (let tries = 0; tries < 100; tries++) {
        const instances = (await platform.group())?.instances ?? []
        if (instances.length === 2 && instances.every(({ health }) => health === 'healthy')) return
        await sleep(100)
      }
      throw new Error(`group ${group} is not healthy`)
    },
    async suspended() {
      const { SuspendedProcesses = [] } = await scaling()
      return SuspendedProcesses.map(({ ProcessName = '' }) => ProcessName).sort()
    },
    async dropLock() {
      const Names = Object.keys(await parameters()).filter((name) => name.startsWith('lock/'))
      await aws.ssm.send(new DeleteParametersCommand({ Names: Names.map((name) => `/bakeroll/${group}/${name}`) }))
    },
    async lockFromAfar(number) {
      const holder = { verb: 'roll', owner: 'ann@far', since: new Date().toISOString(), host: 'far', pid: 1 }
      const Name = `${names.lockPath}/${number}`
      await aws.ssm.send(
        new PutParameterCommand({ Name, Value: JSON.stringify(holder), Type: 'String', Overwrite: true }),
      )
    },
  }
}

/** Clients of the AWS at a url, whatever the environment says. */
function openAt(endpoint: string): Aws {
  const aws = openAws({ region: undefined, profile: undefined })
  const at = <Client>(Class: ClientClass<Client>) =>
    class extends (Class as ClientClass<object>) {
      constructor(configuration: ClientConfiguration) {
        super({ ...configuration, endpoint } as never)
      }
    } as ClientClass<Client>
  return {
    ...aws,
    ec2: aws.open(at(EC2Client)),
    autoScaling: aws.open(at(AutoScalingClient)),
    elb: aws.open(at(ElasticLoadBalancingV2Client)),
    cloudFormation: aws.open(at(CloudFormationClient)),
    ssm: aws.open(at(SSMClient)),
  }
}

type ClientClass<Client> = new (configuration: ClientConfiguration) => Client
