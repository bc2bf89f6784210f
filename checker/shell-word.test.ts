import { execFileSync } from 'node:child_process'
import t from 'tap'
import { shellWord } from './shell-word.ts'

t.test('leaves plain words as they are', async (t) => {
  for (const word of ['npm', '--batch=2', '/a/b.c', 'admin@host:22', 'A,B']) t.equal(shellWord(word), word)
})

t.test('quotes everything special to a shell or a crontab, such as %', async (t) => {
  for (const word of ['25%', '~', '{a,b}', '!!', '^a', '[a]', '']) t.equal(shellWord(word), `'${word}'`)
})

t.test('a shell reads back every word', async (t) => {
  const words = [
    '',
    ' ',
    "it's",
    '"a" $HOME `x` $(y)',
    'back\\slash',
    'two\nlines',
    '*',
    '~',
    '#',
    '!',
    ';',
    'é',
    '25%',
  ]
  const script = `printf '%s\\0' ${words.map(shellWord).join(' ')}`
  t.same(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1), words)
})
