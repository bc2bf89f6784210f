import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'SECURITY.md'), 'utf8')
const section = (title: string) => page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? ''

t.test('each promise names the tests that hold it, and they are there', (t) => {
  const rows = section('Promises')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
  t.ok(rows.length > 15)
  for (const row of rows) {
    const [, promise = '', heldBy = ''] = row.split(' | ').join('|').split('|')
    const tests = [...heldBy.matchAll(/\[([^\]]+)\]\(([^)]+)\): \*([^*]+)\*/g)]
    t.ok(tests.length > 0, promise)
    for (const [, name, file = '', title = ''] of tests) {
      t.ok(file.endsWith(`/${name}`), `${name} is ${file}`)
      const source = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : ''
      // A title may be built of several parts; what is named here stands in one of them.
      t.ok(source.includes(title), `${file}: ${title}`)
    }
  }
  t.end()
})

t.test('every other file that it leads to is there', (t) => {
  const links = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path)
  for (const path of links) t.ok(existsSync(join(root, path)), path)
  for (const name of ['README.md', 'CONTRIBUTING.md']) t.match(readFileSync(join(root, name), 'utf8'), '(SECURITY.md)')
  t.end()
})
