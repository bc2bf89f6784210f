import { basename } from 'node:path'
import {
  DeleteTagsCommand,
  DescribeImageAttributeCommand,
  DescribeSnapshotsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import t from 'tap'
import { listAmis, listBaseAmis, removeAmi } from '../../tasks/platforms/aws/ami-images.ts'
import { bakeAmi, planAmiBake } from '../../tasks/platforms/aws/bakery.ts'
import { allMachines, leftOfBuilders, openBakery, ownImages, tagsOf } from './bakery.ts'

t.setTimeout(110_000)

/** Another Packer to prove the template with; its plugins lie where PACKER_PLUGIN_PATH says. */
const other = process.env['BAKEROLL_TEST_PACKER']

const packers = [
  { name: 'packer on PATH', program: undefined, options: {} },
  {
    name: other === undefined ? 'another Packer' : basename(other),
    program: other,
    options: { skip: other === undefined && 'BAKEROLL_TEST_PACKER names no other Packer' },
  },
]

for (const { name, program, options } of packers) {
  t.test(`${name}: two layers, tested, tagged and recognised`, options, async (t) => {
    // About as long as the watch over the builders takes to find one.
    const bakery = await openBakery(t, { packer: program, layerSeconds: 1.5 })
    const { aws, ssh } = bakery
    const delivery = { copyRegions: ['us-east-1'], kmsKey: 'alias/ours', shareAccounts: ['210987654321'] }
    const task = bakery.task({}, delivery)

    const plan = await planAmiBake(task)
    t.match(plan.steps, [/^make the base layer \w{12} on ami-\w+ \(al2022-/, /^bake release 1\.0\.0/, /^boot and test/])
    t.strictSame(await ownImages(aws), [], 'a plan makes nothing')

    const { image, reused } = await bakeAmi(task)
    t.notOk(reused)
    t.match(image, { release: '1.0.0', verified: true, contentHash: plan.recipe.content, base: plan.recipe.base })
    t.strictSame(await leftOfBuilders(bakery), [])
    t.strictSame(bakery.bakes(), [])

    const [base] = await listBaseAmis(aws)
    const tags = { 'bakeroll:base': plan.recipe.base, 'bakeroll:source-image': base?.sourceImage ?? '' }
    const images = new Map((await ownImages(aws)).map((one) => [one.ImageId, one]))
    const releaseTags = { ...tags, 'bakeroll:layer': 'release', 'bakeroll:release': '1.0.0' }
    t.match(tagsOf(images.get(base?.id) ?? {}), { ...tags, 'bakeroll:layer': 'base', Name: base?.name })
    const ofRelease = tagsOf(images.get(image.id) ?? {})
    t.match(ofRelease, { ...releaseTags, 'bakeroll:content': plan.recipe.content, 'bakeroll:git-revision': /^\w+/ })
    t.match(ofRelease['bakeroll:verified'], /^\d{4}-.*Z$/)
    t.match(image.sourceImage, /^ami-/)

    t.comment('its snapshots carry the tags, its copy in another region the mark of the test, too')
    const [root] = images.get(image.id)?.BlockDeviceMappings ?? []
    const SnapshotIds = [root?.Ebs?.SnapshotId ?? '']
    const { Snapshots = [] } = await aws.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds }))
    t.match(Snapshots.map(tagsOf), [releaseTags])
    const there = { ec2: aws.open(EC2Client, 'us-east-1') }
    t.match((await ownImages(there)).map(tagsOf), [{ ...releaseTags, 'bakeroll:verified': /Z$/ }])
    const permission = { ImageId: image.id, Attribute: 'launchPermission' as const }
    const { LaunchPermissions } = await aws.ec2.send(new DescribeImageAttributeCommand(permission))
    t.strictSame(LaunchPermissions, [{ UserId: '210987654321' }])

    t.comment('what happened on the machines')
    t.match(bakery.ansible(), [/--tags=base --extra-vars=@/, /--tags=base,release --extra-vars=@/])
    const ran = ssh.commands().filter(({ command }) => command.startsWith('sudo '))
    const wanted = [/aws-source|cloud-init/, /^# The last provisioner/m, /cloud-init/, /^# The last provisioner/m]
    wanted.push(/bakeroll-clock/, /systemctl reboot/, /bakeroll-clock/)
    t.equal(ran.length, wanted.length)
    for (const [index, pattern] of wanted.entries()) t.match(ran[index]?.script, pattern)
    t.match(ran.at(-1)?.command, /^sudo sh \/tmp\/\S+ 1\.0\.0$/m)
    const builders = (await allMachines(aws)).filter(({ KeyName = '' }) => KeyName.startsWith('bakeroll-'))
    t.equal(builders.length, 3)
    const safe = builders.filter(({ MetadataOptions }) => MetadataOptions?.HttpTokens === 'required')
    t.ok(safe.length >= 2, 'the metadata of the builders require tokens')

    const again = await bakeAmi(task)
    t.match(again, { reused: true, image: { id: image.id, verified: true } })
    t.strictSame(bakery.ansible().length, 2)
  })
}

t.test('the life of images', async (t) => {
  const bakery = await openBakery(t)
  const { aws } = bakery
  const first = (await bakeAmi(bakery.task())).image

  t.comment('another release stands on the same base layer')
  const second = (await bakeAmi(bakery.task({ release: '1.1.0' }))).image
  t.equal(second.base, first.base)
  t.equal((await listBaseAmis(aws)).length, 1)
  t.strictSame(
    (await listAmis(aws)).map(({ release, verified }) => ({ release, verified })),
    [
      { release: '1.1.0', verified: true },
      { release: '1.0.0', verified: true },
    ],
  )

  t.comment('an image whose test did not happen is tested, not baked again')
  const Tags = [{ Key: 'bakeroll:verified' }]
  await aws.ec2.send(new DeleteTagsCommand({ Resources: [second.id], Tags }))
  t.strictSame((await planAmiBake(bakery.task({ release: '1.1.0' }))).steps, [
    'boot and test the image of release 1.1.0',
  ])
  const calls = bakery.ansible().length
  const tested = await bakeAmi(bakery.task({ release: '1.1.0' }))
  t.match(tested, { reused: false, image: { id: second.id, verified: true } })
  t.equal(bakery.ansible().length, calls)

  t.comment('by force both layers are made anew, and nothing old is touched')
  const forced = (await bakeAmi(bakery.task({ force: true }))).image
  t.match(forced, { release: '1.0.0', contentHash: first.contentHash })
  t.not(forced.id, first.id)
  t.equal((await listBaseAmis(aws)).length, 2)
  t.equal((await listAmis(aws)).length, 3)
  t.match(await bakeAmi(bakery.task()), { reused: true, image: { id: forced.id } }, 'the newest counts')

  t.comment('removal takes snapshots along, and base layers that nobody needs')
  const snapshots = async () => {
    const { Snapshots = [] } = await aws.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }))
    return Snapshots.filter((snapshot) => tagsOf(snapshot)['bakeroll:layer']).length
  }
  t.equal(await snapshots(), 5)
  await removeAmi(aws, first.id)
  t.strictSame(
    (await listAmis(aws)).map(({ id }) => id),
    [forced.id, second.id],
  )
  t.equal((await listBaseAmis(aws)).length, 1)
  t.equal(await snapshots(), 3)
  await removeAmi(aws, first.id)
  for (const { id } of [second, forced]) await removeAmi(aws, id)
  t.strictSame([await listAmis(aws), await listBaseAmis(aws), await snapshots()], [[], [], 0])
})

t.test('a copy in another region goes with its original', async (t) => {
  const bakery = await openBakery(t)
  const { image } = await bakeAmi(bakery.task({}, { copyRegions: ['us-east-1'] }))
  const there = { ec2: bakery.aws.open(EC2Client, 'us-east-1') }
  t.equal((await ownImages(there)).length, 1)
  await removeAmi(bakery.aws, image.id, ['us-east-1'])
  t.strictSame([await ownImages(bakery.aws), await ownImages(there)], [[], []])
})
