// needs: aws, .venv/asyncssh, .venv/mitogen, .venv/moto
import { DeleteTagsCommand, DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2'
import t from 'tap'
import { listAmis, listBaseAmis, removeAmi } from '../../tasks/platforms/aws/bake/ami-images.ts'
import { bakeAmi, planAmiBake } from '../../tasks/platforms/aws/bake/bakery.ts'
import { openBakery, ownImages, tagsOf } from './bakery.ts'

t.setTimeout(600_000)

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
