import { join } from 'node:path'
import t from 'tap'
import { readTargetFile, readTargets, type TargetFile } from './target-list.ts'

const place = { folder: '/', warn: () => {} }

async function fileOf(file: string): Promise<TargetFile> {
  return (await readTargetFile(file, place)) as TargetFile
}

t.test('reports all at once: no URL, and the same URL in two spellings', (t) => {
  t.same(readTargets([], undefined).problems, ['no url: expected at least one, such as http://localhost:8080'])
  t.same(readTargets(['http://A.example', 'x', 'http://a.example:80/'], undefined).problems, [
    'url "x": no scheme; did you mean http://x?',
    'url "http://a.example:80/": given twice',
  ])
  t.end()
})

t.test('reads a file with one URL per line and comments', async (t) => {
  const folder = t.testdir({ list: '# ours\nhttp://a.example\r\n\n  https://b.example/app # theirs\n', empty: '#\n' })
  t.same(readTargets(['http://c.example'], await fileOf(join(folder, 'list'))), {
    targets: [{ url: 'http://c.example' }, { url: 'http://a.example' }, { url: 'https://b.example/app' }],
    problems: [],
    isEmpty: false,
  })
  const empty = join(folder, 'empty')
  t.same(readTargets([], await fileOf(empty)).problems, [
    `${empty}: no url in it: expected at least one, such as http://localhost:8080`,
  ])
  t.match(await readTargetFile(join(folder, 'none'), place), { lines: [/^cannot read .*none: ENOENT/] })
})

t.test('reports problems in a file with their line', async (t) => {
  const file = join(
    t.testdir({ list: 'http://a.example\nb.example\n\nhttp://A.example:80/\nhttp://c.example\n' }),
    'list',
  )
  t.same(readTargets(['http://c.example'], await fileOf(file)).problems, [
    `${file}:2: url "b.example": no scheme; did you mean http://b.example?`,
    `${file}:4: url "http://A.example:80/": given twice, first on line 1`,
    `${file}:5: url "http://c.example": given twice, first on the command line`,
  ])
})
