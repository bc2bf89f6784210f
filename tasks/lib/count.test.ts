import t from 'tap'
import { resolveCount, resolveShare } from './count.ts'

t.test('counts and shares', (t) => {
  const table: [string, number, number][] = [
    ['1', 4, 1],
    ['3', 2, 3],
    ['25%', 4, 1],
    ['25%', 7, 1],
    ['50%', 7, 3],
    ['10%', 2, 1],
    ['100%', 3, 3],
  ]
  for (const [text, size, expected] of table) t.equal(resolveCount(text, size), expected, `${text} of ${size}`)
  t.end()
})

t.test('anything else is refused', (t) => {
  for (const text of ['', '0', '-1', '1.5', '0%', '101%', '%', 'two', '1 %']) {
    t.throws(() => resolveCount(text, 4), { message: `expected a count or a percent, like 2 or 25%, got "${text}"` })
  }
  t.end()
})

t.test('none is a count, too, where none is allowed', (t) => {
  const table: [string, number, number][] = [
    ['0', 4, 0],
    ['0%', 4, 0],
    ['25%', 3, 0],
    ['25%', 4, 1],
    ['99%', 100, 99],
    ['7', 3, 7],
  ]
  for (const [text, size, expected] of table) t.equal(resolveShare(text, size), expected, `${text} of ${size}`)
  for (const text of ['', '-1', '1.5', '101%', '%', 'two']) {
    t.throws(() => resolveShare(text, 4), { message: `expected a count or a percent, like 2 or 25%, got "${text}"` })
  }
  t.end()
})
