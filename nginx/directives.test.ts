// needs: nginx
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { directivesOf } from './directives.ts'
import { nginxMissing, nginxProgram } from './nginx-fixture.ts'

const readable = [
  '',
  'set $a b;',
  "set $a 'it\\'s; {fine}'; # and } this",
  'set $a "a\n};\nb";',
  'set $a b#c;',
  'set $a b}c;',
  'set $a $\x7bhost}x;',
  'set $a b\\;c;',
  'set $a b\\ c;',
  'set $a b"c;',
  'set\t$a\r\n"b" ;set $c d;',
  'location / { if ($host = "x") { return 404; } }',
  'location ~ "^/v\\d{1,2}$" {\n  return 204;\n}\n# the end',
  'location ~ ^/x\\{y { return 204; }',
]

const wrong: Record<string, [line: number, message: RegExp]> = {
  'set $a b': [1, /^"set" is not ended by ";"$/],
  'set $a b;\nset $c d # ;\n': [2, /^"set" is not ended/],
  'location / {\n  set $a b\n}': [2, /^"set" is not ended/],
  'location / {\n  return 204;\n': [1, /^a block that is not closed$/],
  '\n}\n': [2, /^"}" closes a block that was not opened$/],
  ';': [1, /^";" without a directive/],
  '{ }': [1, /^"{" without a directive/],
  'set $a "b;\nset $c d;\n': [1, /^a quote that is not ended.*: "b;$/],
  "set $a 'b\\';": [1, /^a quote that is not ended/],
  'set $a "b"c;': [1, /^a quote that is not ended, or not followed by a blank: "b"c;$/],
  'set $a b;\nset $a \\': [2, /^"\\" at the end$/],
  'set $a b;\nset $a c\0d;': [2, /^a NUL byte$/],
  '\0': [1, /^a NUL byte$/],
}

t.test('splits a text as nginx does', (t) => {
  const text = '# One.\nset $a "b c"; # still one\n\n# Two.\nlocation ~ /x { return 204; }set $c d;'
  t.strictSame(directivesOf(text), [
    { name: 'set', args: ['$a', 'b c'], line: 2, text: '# One.\nset $a "b c"; # still one\n' },
    { name: 'location', args: ['~', '/x'], line: 5, text: '\n# Two.\nlocation ~ /x { return 204; }' },
    { name: 'set', args: ['$c', 'd'], line: 5, text: 'set $c d;' },
  ])
  t.end()
})

t.test('reports unreadable text with its line', (t) => {
  for (const [text, [line, message]] of Object.entries(wrong))
    t.throws(() => directivesOf(text), { line, message }, text)
  t.end()
})

t.test('nginx accepts and refuses the same texts', { skip: nginxMissing }, async (t) => {
  const folder = t.testdir()
  const accepts = async (text: string) => {
    const file = join(folder, 'nginx.conf')
    const places = `pid ${folder}/pid; error_log ${folder}/log;`
    writeFileSync(file, `${places} events {} http { access_log off; server {\n${text}\n} }\n`)
    const { exitCode } = await execa(nginxProgram, ['-t', '-q', '-e', join(folder, 'log'), '-c', file], {
      reject: false,
    })
    return exitCode === 0
  }
  for (const text of readable) {
    t.doesNotThrow(() => directivesOf(text), text)
    t.ok(await accepts(text), text)
  }
  // nginx takes a NUL byte as part of the word and fails later.
  const others = Object.keys(wrong).filter((text) => !text.includes('\0'))
  for (const text of others) t.notOk(await accepts(text), text)
})
