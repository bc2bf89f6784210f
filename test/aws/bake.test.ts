// needs: aws, .venv/asyncssh, .venv/mitogen, .venv/moto
import { DescribeImageAttributeCommand, DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2'
import t from 'tap'
import { listBaseAmis } from '../../tasks/platforms/aws/bake/ami-images.ts'
import { bakeAmi, planAmiBake } from '../../tasks/platforms/aws/bake/bakery.ts'
import { allMachines, leftOfBuilders, openBakery, ownImages, packers, tagsOf } from './bakery.ts'

t.setTimeout(600_000)

for (const { name, packer, options } of packers) {
  t.test(`${name}: two layers, tested, tagged and recognised`, options, async (t) => {
    // About as long as the watch over the builders takes to find one.
    const bakery = await openBakery(t, { packer, layerSeconds: 1.5 })
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
    const groups = bakery.proxy.calls.filter(({ action }) => action === 'CreateSecurityGroup')
    t.equal(groups.length, 1, 'one security group for all machines of the bake')

    const [base] = await listBaseAmis(aws)
    const tags = { 'bakeroll:base': plan.recipe.base, 'bakeroll:source-image': base?.sourceImage ?? '' }
    const images = new Map((await ownImages(aws)).map((one) => [one.ImageId, one]))
    const releaseTags = {
      ...tags,
      'bakeroll:layer': 'release',
      'bakeroll:release': '1.0.0',
      'bakeroll:service': 'timeapp',
    }
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
    t.match(bakery.ansible(), [/--tags=base --extra-vars=@/, /--tags=release --extra-vars=@/])
    const ran = ssh.commands().filter(({ command }) => command.startsWith('sudo '))
    const wanted = [/aws-source|cloud-init/, /^# The last provisioner/m, /cloud-init/, /^# The last provisioner/m]
    wanted.push(/bakeroll-clock/, /systemctl reboot/, /bakeroll-clock/)
    t.equal(ran.length, wanted.length)
    for (const [index, pattern] of wanted.entries()) t.match(ran[index]?.script, pattern)
    t.match(ran.at(-1)?.command, /^sudo sh \/tmp\/\S+ 1\.0\.0 30 180 '\/healthz' '\/version\.txt'$/m)
    const builders = (await allMachines(aws)).filter(({ KeyName = '' }) => KeyName.startsWith('bakeroll-'))
    t.equal(builders.length, 3)
    const safe = builders.filter(({ MetadataOptions }) => MetadataOptions?.HttpTokens === 'required')
    t.ok(safe.length >= 2, 'the metadata of the builders require tokens')

    const again = await bakeAmi(task)
    t.match(again, { reused: true, image: { id: image.id, verified: true } })
    t.strictSame(bakery.ansible().length, 2)
  })
}
