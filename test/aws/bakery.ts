import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  type Image,
} from '@aws-sdk/client-ec2'
import type { Test } from 'tap'
import type { BakeSettings } from '../../tasks/platforms/aws/bake/architecture.ts'
import type { AmiBakeTask } from '../../tasks/platforms/aws/bake/task.ts'
import { type Aws, openAws } from '../../tasks/platforms/aws/clients.ts'
import { contentFixture } from '../../tasks/platforms/content-fixture.ts'
import type { ImageContent } from '../../tasks/platforms/image-content.ts'
import type { Settings } from '../../tasks/settings/settings.ts'
import { recordingProgress } from '../../tasks/terminal/progress.ts'
import { onPath } from '../../tasks/tools/path-fixture.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { emulatedEnvironment, startMoto } from './moto.ts'
import { awsSettings } from './settings.ts'
import { type SshServer, startSshServer } from './ssh-server.ts'

/** A fresh moto, the real Packer, a server in the place of the machines, and an Ansible that only writes down its call. */
export interface Bakery {
  readonly aws: Aws
  /** Between everybody and moto. */
  readonly proxy: FaultProxy
  readonly ssh: SshServer
  readonly home: string
  readonly progress: ReturnType<typeof recordingProgress>
  /** Of a release 1.0.0 or 1.1.0. */
  task(given?: Partial<AmiBakeTask> & { readonly release?: string }, settings?: Partial<Settings['aws']>): AmiBakeTask
  /** How Ansible was called, once for each layer. */
  ansible(): string[]
  /** The folders of bakes under way. */
  bakes(): string[]
}

/** Opens a bakery until the test ends. `packer` takes the place of the one on PATH; each layer takes `layerSeconds`. */
export async function openBakery(
  t: Test,
  { packer, layerSeconds = 0 }: { packer?: string | undefined; layerSeconds?: number } = {},
): Promise<Bakery> {
  const folder = t.testdir({ ssh: {}, home: {} })
  const at = (name: string) => join(folder, name)
  const bin = onPath(t, {
    'ansible-playbook': `case $1 in --version) echo 'ansible-playbook [core 2.14.18]'; exit;; esac
echo "$@" >> '${at('ansible')}'; exec sleep ${layerSeconds}`,
  })
  if (packer !== undefined) symlinkSync(packer, join(bin, 'packer'))
  const moto = await startMoto()
  const proxy = await startFaultProxy(moto.url)
  Object.assign(process.env, emulatedEnvironment(proxy.url))
  const ssh = await startSshServer(at('ssh'))
  t.teardown(async () => {
    ssh.stop()
    await proxy.stop()
    await moto.stop()
  })
  const releases = ['1.0.0', '1.1.0']
  const contents = new Map(await Promise.all(releases.map(async (one) => [one, await contentFixture(one)] as const)))
  const aws = openAws({ region: undefined, profile: undefined })
  const progress = recordingProgress()
  const packerVariables = new Map([
    ['ssh_host', '127.0.0.1'],
    ['ssh_port', String(ssh.port)],
  ])
  const base = awsSettings({
    sourceOwner: 'amazon',
    sourceName: 'al2022-ami-*',
    packerVariables,
    callerCidr: '127.0.0.1/32',
  })
  return {
    aws,
    proxy,
    ssh,
    progress,
    home: at('home'),
    task: ({ release = '1.0.0', ...given } = {}, settings) => ({
      aws,
      home: at('home'),
      content: contents.get(release) as ImageContent,
      force: false,
      progress,
      settings: { ...base, ...settings } as BakeSettings,
      signal: new AbortController().signal,
      ...given,
    }),
    ansible: () => (existsSync(at('ansible')) ? readFileSync(at('ansible'), 'utf8').trim().split('\n') : []),
    bakes: () => {
      mkdirSync(at('home/aws/bakes'), { recursive: true })
      return readdirSync(at('home/aws/bakes'))
    },
  }
}

/** What is there of builders: machines that are not terminated, key pairs, security groups but the default ones. */
export async function leftOfBuilders({ aws }: Bakery): Promise<string[]> {
  const [machines, { KeyPairs = [] }, { SecurityGroups = [] }] = await Promise.all([
    allMachines(aws),
    aws.ec2.send(new DescribeKeyPairsCommand({})),
    aws.ec2.send(new DescribeSecurityGroupsCommand({})),
  ])
  return [
    ...machines.filter(({ State }) => State?.Name !== 'terminated').map(({ InstanceId = '' }) => InstanceId),
    ...KeyPairs.map(({ KeyName = '' }) => KeyName),
    ...SecurityGroups.map(({ GroupName = '' }) => GroupName).filter((name) => name !== 'default'),
  ]
}

/** Every machine that was launched, also those that are gone. */
export async function allMachines(aws: Aws) {
  const { Reservations = [] } = await aws.ec2.send(new DescribeInstancesCommand({}))
  return Reservations.flatMap(({ Instances = [] }) => Instances)
}

/** Every image of this account. */
export async function ownImages({ ec2 }: Pick<Aws, 'ec2'>): Promise<Image[]> {
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }))
  return Images
}

export function tagsOf({
  Tags = [],
}: {
  Tags?: { Key?: string | undefined; Value?: string | undefined }[] | undefined
}) {
  return Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])) as Record<string, string>
}

/** The id of an image that moto brings along, by its name. */
export async function givenImage({ ec2 }: Pick<Aws, 'ec2'>, name: string): Promise<string> {
  const Filters = [{ Name: 'name', Values: [name] }]
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Filters }))
  return Images[0]?.ImageId ?? ''
}

/** Another Packer to prove the template with; its plugins lie where PACKER_PLUGIN_PATH says. */
const other = process.env['BAKEROLL_TEST_PACKER']

/** The Packers that a test runs with, and the options of the test. */
export const packers = [
  { name: 'packer on PATH', packer: undefined, options: {} },
  {
    name: other === undefined ? 'another Packer' : basename(other),
    packer: other,
    options: { skip: other === undefined && 'BAKEROLL_TEST_PACKER names no other Packer' },
  },
]
