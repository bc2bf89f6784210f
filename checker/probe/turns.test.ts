import t from 'tap'
import { takeTurns } from './turns.ts'

/** Tasks that end on demand, and the order in which they began. */
function manyWorks() {
  const began: number[] = []
  const ends: (() => void)[] = []
  const work = (index: number) => () => {
    began.push(index)
    return new Promise<number>((resolve) => {
      ends[index] = () => resolve(index)
    })
  }
  return { began, work, end: (index: number) => ends[index]?.() }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

t.test('runs so many at a time, in order, and returns each its own result', async (t) => {
  const { began, work, end } = manyWorks()
  const inTurn = takeTurns(2, 3_600_000)
  const results = [0, 1, 2, 3].map((index) => inTurn(work(index)))
  await settled()
  t.same(began, [0, 1])
  end(1)
  await settled()
  t.same(began, [0, 1, 2])
  for (const index of [0, 2]) end(index)
  await settled()
  end(3)
  t.same(await Promise.all(results), [0, 1, 2, 3])
})

t.test('a task that never ends delays the next only briefly, and frees its slot once', async (t) => {
  const { began, work, end } = manyWorks()
  const inTurn = takeTurns(1, 1)
  const first = inTurn(work(0))
  const second = inTurn(work(1))
  while (began.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
  end(0)
  end(1)
  t.same(await Promise.all([first, second]), [0, 1])
  const patient = takeTurns(1, 3_600_000)
  await t.rejects(
    patient(() => Promise.reject(new Error('broken'))),
    /broken/,
  )
  t.equal(await patient(async () => 2), 2, 'a failure frees its slot, too')
})
