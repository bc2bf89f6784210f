// needs: aws, .venv/asyncssh, .venv/mitogen, .venv/moto
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  ImportKeyPairCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2'
import { PutParameterCommand } from '@aws-sdk/client-ssm'
import t from 'tap'
import { listAmis } from '../../tasks/platforms/aws/bake/ami-images.ts'
import { accountOf } from '../../tasks/platforms/aws/bake/bake-run.ts'
import { bakeAmi } from '../../tasks/platforms/aws/bake/bakery.ts'
import { removeOrphanedBakes } from '../../tasks/platforms/aws/bake/orphaned-bakes.ts'
import { onPath } from '../../tasks/tools/path-fixture.ts'
import { allMachines, type Bakery, givenImage, leftOfBuilders, openBakery, ownImages, packers } from './bakery.ts'

t.setTimeout(600_000)

t.test('what is wrong is said before the first effect', async (t) => {
  const bakery = await openBakery(t)
  const { aws } = bakery
  const parameter = (Name: string, Value: string) =>
    aws.ssm.send(new PutParameterCommand({ Name, Value, Type: 'String' }))
  await parameter('/images/text', 'newest')
  await parameter('/images/gone', 'ami-0123456789abcdef0')
  await parameter('/images/arm', await givenImage(aws, 'al2022-*-arm64'))
  const cases: [what: string, settings: Parameters<Bakery['task']>[1], message: string | RegExp][] = [
    [
      'no image of this name',
      { sourceName: 'debian-99-*' },
      /^no image debian-99-\* \(\w+\) of owner amazon in eu-central-1$/,
    ],
    ['no such owner', { sourceOwner: '136693071363' }, /^no image al2022-ami-\* \(\w+\) of owner 136693071363/],
    ['no parameter', { sourceParameter: '/images/none' }, 'there is no SSM parameter /images/none in eu-central-1'],
    [
      'a parameter with something else',
      { sourceParameter: '/images/text' },
      'the SSM parameter /images/text holds "newest", expected an image id',
    ],
    [
      'a parameter with an image that is gone',
      { sourceParameter: '/images/gone' },
      'the SSM parameter /images/gone names ami-0123456789abcdef0, but there is no such image in eu-central-1',
    ],
    [
      'another architecture',
      { sourceParameter: '/images/arm' },
      /^the source image ami-\w+ \(al2022-.*\) is arm64, the container image x86_64$/,
    ],
    [
      'no such subnet',
      { builderSubnetId: 'subnet-0123' },
      'aws.builderSubnetId: there is no subnet-0123 in eu-central-1',
    ],
    ['no such type', { builderType: 't9.small' }, 'aws.builderType: there is no t9.small in eu-central-1'],
    [
      'a type of another architecture',
      { builderType: 't4g.small' },
      'aws.builderType: t4g.small is arm64, the image x86_64',
    ],
    ['a share without a key', { shareAccounts: ['210987654321'] }, /^aws\.kmsKey: needed to share/],
  ]
  for (const [what, settings, message] of cases) {
    await t.rejects(bakeAmi(bakery.task({}, settings)), { kind: 'usage', message }, what)
  }
  const { PATH } = process.env
  onPath(t, { packer: "case $1 in version) echo 'Packer v1.15.0';; esac" })
  await t.rejects(bakeAmi(bakery.task()), { kind: 'refused', message: /^Packer 1\.15\.0 misses / })
  process.env['PATH'] = PATH
  t.strictSame([await ownImages(aws), await allMachines(aws), bakery.bakes()], [[], [], []])
})

t.test('an image that does not pass its test is never verified', async (t) => {
  const bakery = await openBakery(t)
  bakery.ssh.failTest('verify: failed units: chrony.service\n')
  await t.rejects(bakeAmi(bakery.task()), {
    kind: 'failed',
    message: /^the image ami-\w+ failed its test: failed units: chrony\.service$/,
    hint: 'npm run bake -- --platform aws --release 1.0.0 --force bakes it again',
  })
  t.match(await listAmis(bakery.aws), [{ release: '1.0.0', verified: false }])
  t.strictSame(await leftOfBuilders(bakery), [])
})

for (const { name, packer, options } of packers) {
  t.test(`${name}: a stop leaves no builder behind`, options, async (t) => {
    const bakery = await openBakery(t, { packer, layerSeconds: 60 })
    const stop = new AbortController()
    const usual = bakery.task()
    const runTags = ['run_tags', '{"bakeroll:bake":"a-bake"}'] as const
    const packerVariables = new Map([...usual.settings.packerVariables, runTags])
    const baking = bakeAmi(bakery.task({ signal: stop.signal }, { packerVariables }))
    const rejected = t.rejects(baking, { kind: 'interrupted' } as Error & { kind: string })
    while (bakery.ansible().length === 0) await sleep(50)
    t.match(await builderVolumes(bakery), [{ Encrypted: true, VolumeType: 'gp3' }])
    const [id = ''] = bakery.bakes()
    const { port } = bakery.ssh
    const ingress = { IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: '127.0.0.1/32' }] }
    const groups = await builderGroups(bakery)
    t.match(groups, [
      { GroupName: `bakeroll-${id}`, Tags: [{ Key: 'bakeroll:bake', Value: id }], IpPermissions: [ingress] },
    ])
    t.match(
      [groups.length, groups[0]?.IpPermissions?.length, groups[0]?.IpPermissions?.[0]?.IpRanges?.length],
      [1, 1, 1],
    )
    const [builder] = await allMachines(bakery.aws)
    t.match(builder?.SecurityGroups, [{ GroupId: groups[0]?.GroupId }])
    // Packer adds a name of its own, in no order.
    t.match(
      builder?.Tags?.filter(({ Key }) => Key !== 'Name'),
      [{ Key: 'bakeroll:bake', Value: 'a-bake' }],
    )
    const toTag = bakery.proxy.calls.filter(({ action }) => action === 'CreateTags')
    t.strictSame(toTag, [], 'the builder gets its tags as it is launched')
    const stoppedAt = Date.now()
    stop.abort()
    await rejected
    t.ok(Date.now() - stoppedAt < 30_000, 'Ansible is not waited for')
    t.strictSame(await leftOfBuilders(bakery), [])
    t.strictSame([await ownImages(bakery.aws), bakery.bakes()], [[], []])
  })
}

async function builderVolumes({ aws }: Bakery) {
  const { Volumes = [] } = await aws.ec2.send(new DescribeVolumesCommand({}))
  return Volumes
}

/** The groups that are there beside the default ones. */
async function builderGroups({ aws }: Pick<Bakery, 'aws'>) {
  const { SecurityGroups = [] } = await aws.ec2.send(new DescribeSecurityGroupsCommand({}))
  return SecurityGroups.filter(({ GroupName }) => GroupName !== 'default')
}

t.test('the security group of a bake', async (t) => {
  const bakery = await openBakery(t)
  const { aws, home, proxy } = bakery
  const denied = { answer: 'error', status: 403, code: 'UnauthorizedOperation', message: 'no' } as const
  const isInUse = { answer: 'error', status: 400, code: 'DependencyViolation', message: 'in use' } as const

  t.comment('it goes, too, when nobody could be let in, and as soon as nothing holds it')
  proxy.rules.set('AuthorizeSecurityGroupIngress', denied)
  proxy.rules.set('DeleteSecurityGroup', { ...isInUse, times: 1 })
  await t.rejects(bakeAmi(bakery.task()), { message: /AuthorizeSecurityGroupIngress/ })
  t.strictSame([await leftOfBuilders(bakery), bakery.bakes(), await allMachines(aws)], [[], [], []])

  t.comment('one that cannot be removed is named, and hides no other failure')
  proxy.rules.set('DeleteSecurityGroup', denied)
  await t.rejects(bakeAmi(bakery.task()), { message: /AuthorizeSecurityGroupIngress/ })
  const [group] = await builderGroups(bakery)
  t.match(bakery.progress.lines.join('\n'), `warning: the security group ${group?.GroupId} stays until the next bake: `)
  const [id = ''] = bakery.bakes()
  t.match(group, { GroupName: `bakeroll-${id}`, Tags: [{ Key: 'bakeroll:bake', Value: id }] })

  t.comment('when that bake has ended, it is removed by its tag')
  proxy.reset()
  writeFileSync(join(home, 'aws', 'bakes', id, 'bake.pid'), String(spawnSync('true').pid))
  t.strictSame(await removeOrphanedBakes(aws, home, await accountOf(aws)), [group?.GroupId])
  t.strictSame([await leftOfBuilders(bakery), bakery.bakes()], [[], []])
})

t.test('a builder whose metadata cannot be made to require tokens is given up', async (t) => {
  const bakery = await openBakery(t, { layerSeconds: 60 })
  const denied = { status: 403, code: 'UnauthorizedOperation', message: 'You are not authorized' }
  bakery.proxy.rules.set('ModifyInstanceMetadataOptions', { answer: 'error', ...denied })
  await t.rejects(bakeAmi(bakery.task()), { message: /ModifyInstanceMetadataOptions/ })
  t.strictSame(await leftOfBuilders(bakery), [])
  t.strictSame([await ownImages(bakery.aws), bakery.bakes()], [[], []])
})

t.test('what a killed bake left is removed by the next one, and nothing else', async (t) => {
  const bakery = await openBakery(t)
  const { aws, home } = bakery
  const account = await accountOf(aws)
  const dead = spawnSync('true').pid
  const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8gZ8ZyUbsLrQ0mW5v3lH8bqkYk1mC9vP4cJ0nXkq1T'
  const launch = async (id: string, asBuilder: boolean) => {
    const Description = 'Temporary group for Packer'
    const group = await aws.ec2.send(new CreateSecurityGroupCommand({ GroupName: `packer_${id}`, Description }))
    const KeyName = `bakeroll-${id}`
    await aws.ec2.send(new ImportKeyPairCommand({ KeyName, PublicKeyMaterial: Buffer.from(publicKey) }))
    const Tags = [{ Key: 'bakeroll:bake', Value: id }]
    await aws.ec2.send(
      new RunInstancesCommand({
        ImageId: 'ami-04681a1dbd79675a5',
        MinCount: 1,
        MaxCount: 1,
        SecurityGroupIds: [group.GroupId ?? ''],
        ...(asBuilder ? { KeyName } : { TagSpecifications: [{ ResourceType: 'instance' as const, Tags }] }),
      }),
    )
  }
  const record = (id: string, given: object) => {
    const folder = join(home, 'aws', 'bakes', id)
    mkdirSync(folder, { recursive: true })
    const whole = { id, account, region: 'eu-central-1', pid: dead, script: 'bake', ...given }
    writeFileSync(join(folder, 'bake.json'), JSON.stringify(whole))
    writeFileSync(join(folder, 'bake.pid'), String(whole.pid))
  }
  for (const id of ['dead1', 'alive', 'others', 'stranger']) await launch(id, true)
  await launch('dead2', false)
  for (const id of ['dead1', 'dead2']) record(id, {})
  record('alive', { pid: process.pid, script: basename(process.argv[1] ?? '') })
  record('others', { account: '210987654321' })

  const removed = await removeOrphanedBakes(aws, home, account)
  t.equal(removed.filter((id) => id.startsWith('i-')).length, 2)
  t.equal(removed.filter((id) => id.startsWith('sg-')).length, 2)
  t.strictSame(bakery.bakes().sort(), ['alive', 'others'])
  const left = (await leftOfBuilders(bakery)).filter((name) => !name.startsWith('i-')).sort()
  t.strictSame(left, ['alive', 'others', 'stranger'].flatMap((id) => [`bakeroll-${id}`, `packer_${id}`]).sort())
  const machines = await allMachines(aws)
  t.equal(machines.filter(({ State }) => State?.Name === 'running').length, 3)
  t.strictSame(await removeOrphanedBakes(aws, home, account), [], 'nothing is left to do')
  rmSync(join(home, 'aws'), { recursive: true })
})

t.test('an image gets its date of deprecation', async (t) => {
  const bakery = await openBakery(t)
  const { image } = await bakeAmi(bakery.task({}, { deprecateAfterDays: 90 }))
  t.ok(image.verified)
  const shown = (await ownImages(bakery.aws)).find(({ ImageId }) => ImageId === image.id)
  const days = (Date.parse(shown?.DeprecationTime ?? '') - Date.now()) / 86_400_000
  t.ok(days > 89 && days <= 90, `${days}`)
})
