import t from 'tap'
import { type Count, countText, parseCount, resolveCount, resolveShare } from './count.ts'

const of = (text: string) => parseCount(text) as Count

t.test('counts and shares', (t) => {
  const table: [string, number, number][] = [
    ['1', 4, 1],
    ['3', 2, 3],
    ['25%', 4, 1],
    ['25%', 7, 1],
    ['50%', 7, 3],
    ['10%', 2, 1],
    ['100%', 3, 3],
    ['0', 4, 0],
    ['0%', 4, 0],
  ]
  for (const [text, size, expected] of table) t.equal(resolveCount(of(text), size), expected, `${text} of ${size}`)
  t.end()
})

t.test('anything else is none', (t) => {
  for (const text of ['', '-1', '1.5', '101%', '%', 'two', '1 %', '999999']) t.equal(parseCount(text), undefined, text)
  for (const text of ['0', '2', '05', '25%', '100%']) t.equal(countText(of(text)), text.replace(/^0(?=.)/, ''))
  t.end()
})

t.test('a share may come to none, where that is allowed', (t) => {
  const table: [string, number, number][] = [
    ['0', 4, 0],
    ['0%', 4, 0],
    ['25%', 3, 0],
    ['25%', 4, 1],
    ['99%', 100, 99],
    ['7', 3, 7],
  ]
  for (const [text, size, expected] of table) t.equal(resolveShare(of(text), size), expected, `${text} of ${size}`)
  t.end()
})
