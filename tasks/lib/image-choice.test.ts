import t from 'tap'
import { resolveImage, rollbackImageId, servingImageId } from './image-choice.ts'
import type { Group, Image, Instance } from './platform.ts'

const image = (id: string, release: string, verified = true): Image => ({
  id,
  release,
  verified,
  createdAt: '2026-01-01T00:00:00Z',
})
const images = [image('d', '1.5.0', false), image('c', '1.4.0'), image('b', '1.4.0'), image('a', '1.3.0')]
const on = (...imageIds: string[]) => imageIds.map((imageId) => ({ imageId, state: 'running' }) as Instance)
const group = (change: Partial<Group>): Group => ({
  name: 'timeapp',
  imageId: 'b',
  size: 2,
  url: '',
  loadBalancer: 'running',
  instances: on('b', 'b'),
  ...change,
})
const roll = { imageId: 'a', previousImageId: 'b', startedAt: '2026-01-01T00:00:00Z', force: false, rollingBack: false }

t.test('which image is meant', (t) => {
  const table: [string | undefined, Group | undefined, string][] = [
    ['b', undefined, 'b'],
    ['1.4.0', undefined, 'c'],
    [undefined, undefined, 'c'],
    [undefined, group({}), 'c'],
    [undefined, group({ roll }), 'a'],
    [undefined, group({ instances: on('b', 'a') }), 'b'],
    ['c', group({ roll }), 'c'],
  ]
  for (const [wanted, of, expected] of table) t.equal(resolveImage(images, wanted, of).id, expected)
  t.end()
})

t.test('what cannot be meant', (t) => {
  const hint = 'verified: c (1.4.0), b (1.4.0), a (1.3.0)'
  const table: [readonly Image[], string | undefined, string, string][] = [
    [images, 'd', 'image d is not verified', hint],
    [images, '1.5.0', 'image d is not verified', hint],
    [images, '9.9.9', 'no image or release "9.9.9"', hint],
    [[], '9.9.9', 'no image or release "9.9.9"', 'there is no verified image yet: npm run bake'],
    [[image('d', '1.5.0', false)], undefined, 'there is no verified image yet', 'npm run bake'],
  ]
  for (const [some, wanted, message, expected] of table) {
    t.throws(() => resolveImage(some, wanted), { message, kind: 'usage', hint: expected })
  }
  t.end()
})

t.test('images of another service are none', (t) => {
  const of = (service: string, one: Image): Image => ({ ...one, service })
  const some = [of('blog', image('e', '1.4.0')), of('shop', image('c', '1.4.0')), image('a', '1.3.0')]
  t.equal(resolveImage(some, '1.4.0', undefined, 'shop').id, 'c', 'of two of one name')
  t.equal(resolveImage(some, undefined, group({ imageId: 'c' }), 'shop').id, 'c', 'blog baked last')
  t.equal(resolveImage(some, 'a', undefined, 'shop').id, 'a', 'whose it is was not written down')
  t.equal(resolveImage(some, undefined, undefined).id, 'e', 'without a service all count')
  t.throws(() => resolveImage(some, 'e', undefined, 'shop'), {
    kind: 'usage',
    message: 'image e is of the service blog, not of shop',
    hint: 'verified: c (1.4.0), a (1.3.0)',
  })
  t.throws(() => resolveImage(some.slice(0, 1), undefined, undefined, 'shop'), {
    kind: 'usage',
    message: 'there is no verified image yet of the service shop; there are some of blog',
  })
  for (const wanted of [undefined, 'c']) {
    t.throws(() => resolveImage(some, wanted, group({ imageId: 'e' }), 'shop'), {
      kind: 'refused',
      message: 'the group timeapp runs the service blog, not shop',
      hint: /^--group NAME .*service\.name 'blog'/,
    })
  }
  t.end()
})

t.test('where rollback goes', (t) => {
  t.equal(rollbackImageId(group({ previousImageId: 'a' })), 'a')
  t.equal(rollbackImageId(group({ previousImageId: 'c', roll })), 'b')
  t.equal(rollbackImageId(group({ roll })), 'b', 'a first roll, before which nothing served')
  const taking = { ...roll, isRollback: true as const }
  t.equal(rollbackImageId(group({ previousImageId: 'c', roll: taking })), 'a', 'an unfinished rollback is carried on')
  const turned = { ...taking, rollingBack: true, reason: 'no instance answers' }
  t.equal(rollbackImageId(group({ previousImageId: 'c', roll: turned })), 'a', 'also one that has rolled back')
  t.equal(rollbackImageId(group({ previousImageId: 'a', roll })), 'b', 'a roll to what served before is no rollback')
  t.throws(() => rollbackImageId(group({})), {
    kind: 'refused',
    message: 'group timeapp has no previous image to roll back to',
  })
  t.end()
})

t.test('what serves now, seen from a roll', (t) => {
  t.equal(servingImageId(group({}), 'c'), 'b')
  t.equal(servingImageId(group({ imageId: 'c', instances: on('a', 'b', 'b') }), 'c'), 'b')
  t.equal(servingImageId(group({}), 'b'), 'b', 'a forced roll comes back to where it is')
  t.equal(servingImageId(group({ instances: [] }), 'c'), 'b')
  const gone = on('a', 'a').map((one) => ({ ...one, state: 'stopped' as const }))
  t.equal(servingImageId(group({ instances: gone }), 'c'), 'a', 'what served until it was gone')
  t.equal(servingImageId(group({ instances: [...gone, ...on('d')] }), 'c'), 'd', 'what still serves counts for more')
  t.end()
})
