import t from 'tap'
import { nearest } from '../../checker/settings/nearest.ts'
import { overview, verbHelp } from './help.ts'
import { flagsOf } from './settings.ts'
import { verbNames } from './verbs.ts'

const tooLong = (page: string) => page.split('\n').filter((line) => line.length > 100)

for (const verb of verbNames) {
  t.test(`help of ${verb} names every flag, exit codes and examples, and fits 100 columns`, (t) => {
    const page = verbHelp(verb)
    for (const flag of [...flagsOf(verb).keys(), 'help', 'version']) t.match(page, new RegExp(`^  --${flag}\\b`, 'm'))
    t.match(page, /^usage: npm run /)
    t.match(page, /^Exit codes\n[\s\S]*130/m)
    t.match(page, new RegExp(`^Examples\\n  npm (run (-s )?)?${verb}\\b`, 'm'))
    t.same(tooLong(page), [])
    t.notMatch(page, /undefined|null|\[object/)
    t.end()
  })
}

t.test('the overview names every verb and fits 100 columns', (t) => {
  const page = overview('1.2.3')
  for (const verb of verbNames) t.match(page, new RegExp(`^  ${verb}\\b.*  \\S`, 'm'))
  t.same(tooLong(page), [])
  t.end()
})

t.test('defaults are shown as they are typed', (t) => {
  t.match(verbHelp('roll'), /--timeout DURATION [^-]*\(default:\s+1h\)/)
  t.match(verbHelp('check'), /--max-offset DURATION .*\(default: 1s\)/)
  t.match(verbHelp('check'), / {2}3 +unknown/)
  t.end()
})

t.test('suggests the nearest word', (t) => {
  const cases: [word: string, found: string | undefined][] = [
    ['rol', 'roll'],
    ['deply', 'deploy'],
    ['satus', 'status'],
    ['hael', 'heal'],
    ['BAKE', 'bake'],
    ['dest', 'destroy'],
    ['moon', undefined],
    ['x', undefined],
  ]
  for (const [word, found] of cases) t.equal(nearest(word, verbNames), found, word)
  t.end()
})
