import t from 'tap'
import { type Removal, removalWords } from './removal-words.ts'

t.test('all that a destroy removes is named before it', async (t) => {
  const group = { name: 'timeapp', instances: 2 }
  const cases: [removal: Partial<Removal>, words: string | undefined][] = [
    [{}, undefined],
    [{ group }, 'group timeapp with 2 instances'],
    [{ group: { name: 'shop', instances: 1 } }, 'group shop with 1 instance'],
    [{ group, images: 2, bases: 1 }, 'group timeapp with 2 instances, 2 images and their base layer'],
    [{ group, images: 1, bases: 1 }, 'group timeapp with 2 instances, 1 image and its base layer'],
    [{ group, images: 3, bases: 2 }, 'group timeapp with 2 instances, 3 images and 2 base layers'],
    [{ group, secrets: 1 }, 'group timeapp with 2 instances and 1 secret'],
    [{ group, secrets: 2, images: 1 }, 'group timeapp with 2 instances, 2 secrets and 1 image'],
    [{ secrets: 1, leftovers: ['secret DATABASE_URL'] }, 'secret DATABASE_URL'],
    [{ group, images: 1 }, 'group timeapp with 2 instances and 1 image'],
    [{ leftovers: ['timeapp', 'i-1'] }, 'timeapp and i-1'],
    [{ images: 2, bases: 1 }, '2 images and their base layer'],
    [{ others: ['the base layer a-1'] }, 'the base layer a-1'],
    [{ images: 1, others: ['a disk'] }, '1 image and a disk'],
  ]
  for (const [removal, words] of cases) {
    t.equal(
      removalWords({ leftovers: [], images: 0, bases: 0, others: [], ...removal }),
      words,
      JSON.stringify(removal),
    )
  }
})
