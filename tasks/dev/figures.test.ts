import { test } from 'tap'
import {
  arrowsBetween,
  functionsOf,
  importsOf,
  inCircles,
  isTest,
  readSources,
  roomOf,
  runsUp,
  type Source,
} from './figures.ts'

const sources = readSources()
const arrows = [...arrowsBetween(sources)]
const source = (path: string, text: string): Source => ({ path, text })

test('imports between rooms run one way and form no cycle', async (t) => {
  const up = arrows.filter(([arrow]) => runsUp(arrow))
  t.strictSame(up, [], 'an import that runs up: its files are named')
  t.strictSame(inCircles(sources), [])
})

test('lib and checker import from no other room, app not from tasks', async (t) => {
  t.strictSame(
    arrows.filter(([arrow]) => /^(?:tasks\/lib|checker) |^app -> tasks/.test(arrow)),
    [],
  )
})

test('there are few enough rooms and arrows to keep in mind', async (t) => {
  const rooms = new Set(sources.filter(({ path }) => !isTest(path)).map(({ path }) => roomOf(path)))
  t.ok(rooms.size > 8 && rooms.size <= 14, `${[...rooms].join(', ')}: at most 14`)
  t.ok(arrows.length > 20 && arrows.length <= 40, `${arrows.length} arrows, at most 40`)
})

test('finds an import however it is written, and a test by its name', async (t) => {
  const text = `import { a } from './a.ts'
import type { B } from '../lib/b.ts'
import {
  c,
} from './c.ts'
export * from '../../app/d.ts'
import './e.ts'
import { join } from 'node:path'
const f = await import('./f.ts')
`
  const found = ['a', '../lib/b', 'c', '../../app/d', 'e', 'f']
  t.strictSame(
    importsOf(source('tasks/verbs/x.ts', text)),
    found.map((name) =>
      name.startsWith('../..') ? 'app/d.ts' : name.startsWith('..') ? 'tasks/lib/b.ts' : `tasks/verbs/${name}.ts`,
    ),
  )
  t.strictSame(['a.test.ts', 'a-fixture.ts', 'x/fixtures/a.ts', 'test/a.ts', 'a.ts'].map(isTest), [
    true,
    true,
    true,
    true,
    false,
  ])
  t.strictSame(['tasks/lib/roll/x.ts', 'tasks/x.ts', 'checker/probe/x.ts'].map(roomOf), [
    'tasks/lib',
    'tasks',
    'checker',
  ])
})

test('finds imports that run up, sideways or in a cycle', async (t) => {
  t.ok(runsUp('tasks/lib -> tasks/tools'))
  t.ok(runsUp('tasks/platforms -> tasks/terminal'))
  t.ok(runsUp('tasks/lib -> tasks/nobody-knows'))
  t.notOk(runsUp('tasks/verbs -> tasks/lib'))
  const circle = [source('a.ts', `import './b.ts'`), source('b.ts', `import type { A } from './a.ts'`)]
  t.strictSame(inCircles([...circle, source('c.ts', `import './a.ts'`)]), ['a.ts', 'b.ts'])
  t.strictSame(inCircles([source('a.ts', `import './b.ts'`), source('b.ts', '')]), [])
})

test('counts the lines of a function', async (t) => {
  const text = 'export async function one() {\n  if (a) {\n    b()\n  }\n}\n\nconst two = () => {\n  c()\n}\n'
  t.strictSame(functionsOf(source('x.ts', text)), [
    { where: 'x.ts:1 one', lines: 5 },
    { where: 'x.ts:7', lines: 3 },
  ])
})
