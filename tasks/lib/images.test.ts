import t from 'tap'
import { retirable, usedBy } from './images.ts'
import type { Group, Image } from './platform.ts'

const image = (id: string, verified = true): Image => ({ id, release: id, createdAt: '2026-01-01T00:00:00Z', verified })
const group = (change: Partial<Group>): Group => ({
  name: 'timeapp',
  imageId: 'i9',
  size: 2,
  url: 'http://127.0.0.1:8080',
  loadBalancer: 'running',
  instances: [],
  ...change,
})
const ids = (images: readonly Image[]) => images.map(({ id }) => id)
const images = ['i9', 'i8', 'i7', 'i6', 'i5'].map((id) => image(id))
const roll = { startedAt: '2026-01-01T00:00:00Z', force: false, rollingBack: false }
const instance = { id: 'a', imageId: 'i5', release: 'i5', state: 'running', health: 'healthy' } as Group['instances'][0]

t.test('what nothing needs can be retired', (t) => {
  const table: [string, number, Partial<Group>[], string[]][] = [
    ['no group', 2, [], ['i7', 'i6', 'i5']],
    ['keep nothing', 0, [{}], ['i8', 'i7', 'i6', 'i5']],
    ['rollback target stays', 1, [{ previousImageId: 'i7' }], ['i8', 'i6', 'i5']],
    ['both ends of a roll stay', 1, [{ roll: { ...roll, imageId: 'i8', previousImageId: 'i6' } }], ['i7', 'i5']],
    ['the image of an instance stays', 1, [{ instances: [instance] }], ['i8', 'i7', 'i6']],
    ['any group counts', 1, [{}, { imageId: 'i6' }], ['i8', 'i7', 'i5']],
  ]
  for (const [name, keep, groups, expected] of table)
    t.same(ids(retirable(images, keep, groups.map(group))), expected, name)
  t.end()
})

t.test('an unverified image younger than all verified ones may still be baking', (t) => {
  const some = [image('baking', false), image('i9'), image('failed', false), image('i8')]
  t.same(ids(retirable(some, 1, [])), ['failed', 'i8'])
  t.same(ids(retirable([image('baking', false)], 0, [])), [])
  t.end()
})

t.test('every use is named', (t) => {
  const [used, unused] = usedBy([image('i9'), image('i1')], [group({ previousImageId: 'i9' })])
  t.match(used, { current: true, usedBy: ['timeapp: wanted image', 'timeapp: rollback target'] })
  t.match(unused, { current: false, usedBy: [] })
  t.end()
})
