import t from 'tap'
import { type Ami, amiFrom, unusedBases } from './ami-images.ts'

const ami = (id: string, base: string): Ami => ({
  id,
  base,
  name: id,
  release: '1.0.0',
  createdAt: '',
  verified: true,
  contentHash: '',
  sourceImage: 'ami-0',
  rootDeviceType: 'ebs',
})

t.test('what the tags of an image say', async (t) => {
  const tags = {
    'bakeroll:layer': 'release',
    'bakeroll:release': '1.4.0',
    'bakeroll:content': 'c0ffee',
    'bakeroll:base': 'ba5e',
    'bakeroll:source-image': 'ami-0',
  }
  const image = {
    ImageId: 'ami-1',
    Name: 'bakeroll-1.4.0-x',
    CreationDate: '2026-11-21T14:14:05.000Z',
    RootDeviceType: 'ebs' as const,
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  }
  const expected: Ami = {
    id: 'ami-1',
    name: 'bakeroll-1.4.0-x',
    release: '1.4.0',
    createdAt: '2026-11-21T14:14:05.000Z',
    verified: false,
    contentHash: 'c0ffee',
    base: 'ba5e',
    sourceImage: 'ami-0',
    rootDeviceType: 'ebs',
  }
  t.strictSame(amiFrom(image), expected)
  const verified = { Key: 'bakeroll:verified', Value: '2026-11-21T14:20:00.000Z' }
  t.strictSame(amiFrom({ ...image, Tags: [...image.Tags, verified] }), { ...expected, verified: true })
})

t.test('which base layers can go', async (t) => {
  const cases: [what: string, images: string[], bases: [id: string, base: string][], gone: string[]][] = [
    ['nothing there', [], [], []],
    ['no image left', [], [['b1', 'x']], ['b1']],
    ['in use', ['x'], [['b1', 'x']], []],
    [
      'the newest stays for the next release',
      ['x'],
      [
        ['b2', 'y'],
        ['b1', 'x'],
      ],
      [],
    ],
    [
      'older ones that nobody uses go',
      ['z'],
      [
        ['b3', 'z'],
        ['b2', 'y'],
        ['b1', 'x'],
      ],
      ['b2', 'b1'],
    ],
    [
      'of two of one recipe the older goes',
      ['x'],
      [
        ['b2', 'x'],
        ['b1', 'x'],
      ],
      ['b1'],
    ],
  ]
  for (const [what, images, bases, gone] of cases) {
    const left = unusedBases(
      images.map((base, index) => ami(`r${index}`, base)),
      bases.map(([id, base]) => ami(id, base)),
    )
    t.strictSame(
      left.map(({ id }) => id),
      gone,
      what,
    )
  }
})
