import t from 'tap'
import { recordedProgress } from '../../simulator/recorded-progress.ts'
import { releaseTask, served, servingWorld, wanted, watchFloor } from '../../simulator/release-fixture.ts'
import { simulatedPlatform } from '../../simulator/simulated-platform.ts'
import { bringing, deployTask, gone, healTask, type OpenDelivery, placedWorld } from '../../simulator/top-up-fixture.ts'
import { deployGroup } from '../deploy/deploy.ts'
import { OperatorError } from '../errors.ts'
import { healGroup } from '../heal/heal.ts'
import type { HealPolicy } from '../heal/task.ts'
import { releaseGroup } from './release.ts'

const c = wanted.content

t.test('heal finds nothing wrong with a release in place', async (t) => {
  const world = await placedWorld()
  const { steps } = world
  t.match(await healGroup(healTask(world)), { outcome: 'healthy', instances: [{ diagnosis: 'healthy' }, {}] })
  t.equal(world.steps, steps)
})

t.test('what the platform launched by itself serves the release of the image, until heal', async (t) => {
  const world = await placedWorld(3)
  await simulatedPlatform(world).terminate('m3')
  await simulatedPlatform(world).launch(1)
  await world.clock.sleep(120_000)
  t.same(served(world), [c, c, '1.0.0'])
  const planned = await healGroup(healTask(world, {}, { dryRun: true }))
  const reason = 'serves 1.0.0, 1.1.0 is in place'
  t.match(planned.instances[2], {
    id: 'm4',
    diagnosis: reason,
    repairs: [{ repair: 'release', reason, result: 'planned' }],
  })
  const floor = watchFloor(world)
  const result = await healGroup(healTask(world))
  t.match(result, { outcome: 'healed', launched: [] })
  t.match(result.instances[2], { id: 'm4', diagnosis: reason, repairs: [{ repair: 'release', result: 'worked' }] })
  t.same(served(world), [c, c, c])
  t.equal(floor.lowest, 2)
  t.match(await healGroup(healTask(world)), { outcome: 'healthy' })
})

t.test('what heal launches gets it, and an instance that lost it, too', async (t) => {
  const world = await placedWorld(3)
  world.kill('m1')
  Object.assign(world.machine('m2'), { inPlace: undefined })
  const result = await healGroup(healTask(world))
  t.match(result, { outcome: 'healed', launched: ['m4'] })
  t.match(result.instances[1], { id: 'm2', repairs: [{ repair: 'release', result: 'worked' }] })
  t.same(served(world), [c, c, c])
})

t.test('a repair inside comes first, and one instance is one instance', async (t) => {
  const world = await placedWorld(3)
  for (const id of ['m1', 'm2']) Object.assign(world.machine(id), { inPlace: undefined })
  world.machine('m1').parts.nginx = 'failed'
  const { instances } = await healGroup(healTask(world, {}, { instance: 'm1' }))
  t.match(instances, [
    {
      id: 'm1',
      repairs: [
        { repair: 'nginx', result: 'worked' },
        { repair: 'release', result: 'worked' },
      ],
    },
  ])
  t.same(served(world), [c, '1.0.0', c])
})

t.test('what cannot be delivered is said, and works on with what it had', async (t) => {
  const table: [string, 'gone' | 'there', Partial<HealPolicy>, object][] = [
    [
      'without the archive',
      'gone',
      {},
      { outcome: 'failed', instances: [{}, { repairs: [{ result: 'failed: its archive is gone' }] }] },
    ],
    ['a smaller repair allowed', 'there', { maxRepair: 'reboot' }, { outcome: 'refused' }],
  ]
  for (const [name, state, policy, expected] of table) {
    const world = await placedWorld()
    Object.assign(world.machine('m2'), { inPlace: undefined })
    t.match(
      await healGroup(
        healTask(world, { bringInPlace: bringing(world, 'heal', {}, state === 'gone' ? gone : undefined) }, policy),
      ),
      expected,
      name,
    )
    t.same(served(world), [c, '1.0.0'])
  }
  const world = await placedWorld()
  Object.assign(world.machine('m2'), { inPlace: undefined })
  const broken = bringing(world, 'heal', { isBroken: () => true })
  t.match(await healGroup(healTask(world, { bringInPlace: broken })), { outcome: 'failed' })
  t.same(served(world), [c, '1.0.0'], 'put back')
  t.match(world.record?.inPlace?.release, '1.1.0')
})

t.test('scale and deploy bring it to what they launch, or say why not', async (t) => {
  const world = await placedWorld()
  t.match(await deployGroup(deployTask(world, { verb: 'scale', size: 4 })), { outcome: 'updated', size: 4 })
  t.same(served(world), [c, c, c, c])
  t.match(await deployGroup(deployTask(world)), { outcome: 'unchanged' })
  world.kill('m2')
  t.match(await deployGroup(deployTask(world)), { outcome: 'updated' })
  t.same(served(world), [c, c, c, c])
  const progress = recordedProgress()
  await deployGroup(
    deployTask(world, { verb: 'scale', size: 5, bringInPlace: bringing(world, 'scale', {}, gone), progress }),
  )
  t.same(served(world).at(-1), '1.0.0')
  t.equal(
    progress.lines.at(-1),
    'warning: m6 without 1.1.0, which is in place: its archive is gone; npm run heal tries again',
  )
  const lasting: OpenDelivery = async () => {
    throw new OperatorError('refused', '1.1.0 is gone', { hint: 'npm run release', isLasting: true })
  }
  const change = { bringInPlace: bringing(world, 'scale', {}, lasting), progress }
  await deployGroup(deployTask(world, { verb: 'scale', size: 5, ...change }))
  t.equal(progress.lines.at(-1), 'warning: m6 without 1.1.0, which is in place: 1.1.0 is gone; npm run release')
  t.match(await healGroup(healTask(world, change)), { outcome: 'failed' })
  t.equal(progress.lines.at(-1), 'warning: 1.1.0 is gone; npm run release')
})

t.test('an unfinished release: deploy and scale wait for it, heal replaces what died', async (t) => {
  const world = await servingWorld(3)
  const faults = { halfway: (id: string) => void (id === 'm1' && world.kill('m3')) }
  await t.rejects(releaseGroup(releaseTask(world, { faults })), { message: /2 of 3 serve/ })
  t.same(served(world), [c, '1.0.0', '1.0.0'])
  await t.rejects(deployGroup(deployTask(world, { verb: 'scale', size: 4 })), {
    kind: 'refused',
    message: 'the release of 1.1.0 in place is not finished',
    hint: 'npm run release carries it on',
  })
  const progress = recordedProgress()
  t.match(await healGroup(healTask(world, { progress })), { outcome: 'healed', launched: ['m4'] })
  t.match(progress.lines.at(-1), /^warning: the release of 1\.1\.0 is not finished: npm run release/)
  t.match(await releaseGroup(releaseTask(world)), { outcome: 'released' })
  t.same(served(world), [c, c, c])
})
